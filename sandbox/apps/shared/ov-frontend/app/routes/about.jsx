export const meta = () => [{ title: "About · Open Vault" }]

export default function About() {
  return (
    <section className="column prose">
      <p className="eyebrow">About</p>
      <h1>What is kept is meant to be seen</h1>
      <p>
        Open Vault publishes the collections of a public broadcaster: programmes, interviews and
        outtakes, described by archivists and gathered into exhibits by people who know them well.
      </p>
      <p>
        Exhibits are written in the archive’s own editing room and appear here as soon as they are
        published.
      </p>
    </section>
  )
}

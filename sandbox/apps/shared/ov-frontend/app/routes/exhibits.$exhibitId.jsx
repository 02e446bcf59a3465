import { useLoaderData } from "#router"
import { exhibit } from "../api.server"
import { Body, Picture } from "../parts"

export const meta = ({ data }) => [{ title: data ? `${data.exhibit.title} · Open Vault` : "Open Vault" }]

export const loader = async ({ params }) => ({
  exhibit: await exhibit(params.exhibitId),
})

export default function Exhibit() {
  const { exhibit } = useLoaderData()
  return (
    <article className="exhibit">
      <Picture picture={exhibit.cover_image} className="cover" />
      <div className="column">
        <p className="eyebrow">Exhibit</p>
        <h1>{exhibit.title}</h1>
        <ul className="authors">
          {exhibit.authors.map((author) => (
            <li key={author.id}>
              <Picture picture={author.image} />
              <span>
                <strong>{author.name}</strong>
                {author.title}
              </span>
            </li>
          ))}
        </ul>
        <Body body={exhibit.body} />
      </div>
    </article>
  )
}

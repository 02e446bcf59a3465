import { Link, useLoaderData, useSearchParams } from "#router"
import { useEffect, useState } from "react"

export const meta = () => [{ title: "Search · Open Vault" }]

// The browser asks the search engine by itself, so it gets the key: one that can only read.
export const loader = () => ({
  address: process.env.ES_URL,
  key: process.env.ES_API_KEY,
  index: process.env.ES_OV_INDEX || "wagtail__wagtailcore_page",
})

async function find({ address, key, index }, words) {
  const answer = await fetch(`${address}/${index}/_search`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `ApiKey ${key}` },
    body: JSON.stringify({
      size: 20,
      query: { simple_query_string: { query: words, fields: ["title^3", "_all_text"] } },
    }),
  })
  if (!answer.ok) throw new Error(`the search engine answered ${answer.status}`)
  return (await answer.json()).hits.hits
}

export default function Search() {
  const engine = useLoaderData()
  const [parameters, setParameters] = useSearchParams()
  const [found, setFound] = useState({ state: "idle", hits: [] })
  const words = parameters.get("q") ?? ""

  useEffect(() => {
    if (!words) return
    find(engine, words)
      .then((hits) => setFound({ state: hits.length ? "found" : "nothing", hits }))
      .catch(() => setFound({ state: "failed", hits: [] }))
  }, [engine, words])

  function ask(event) {
    event.preventDefault()
    setParameters({ q: new FormData(event.target).get("q") })
  }

  return (
    <section className="wide">
      <h1>Search</h1>
      <form role="search" onSubmit={ask}>
        <input name="q" type="search" aria-label="Words" defaultValue={words} />
        <button>Search</button>
      </form>
      {found.state === "nothing" && <p>Nothing was found for “{words}”.</p>}
      {found.state === "failed" && <p role="alert">The search is out of reach at the moment.</p>}
      <ul>
        {found.hits.map(({ _id, _source }) => (
          <li key={_id}>
            <Link to={`/exhibits/${_source.pk}`}>{_source.title}</Link>
          </li>
        ))}
      </ul>
    </section>
  )
}

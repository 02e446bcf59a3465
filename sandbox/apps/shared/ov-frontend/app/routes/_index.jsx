import { Link, useLoaderData } from "#router"
import { exhibits } from "../api.server"
import { Cards } from "../cards"
import { Picture } from "../parts"

export const meta = () => [{ title: "Open Vault" }]

export const loader = async () => ({ exhibits: await exhibits() })

export default function Index() {
  const [first, ...others] = useLoaderData().exhibits
  if (!first) return <p className="column">No exhibit has been published yet.</p>
  return (
    <>
      <section className="lead">
        <Picture picture={first.cover_image} />
        <div>
          <p className="eyebrow">Now on view</p>
          <h1>
            <Link to={`/exhibits/${first.id}`}>{first.title}</Link>
          </h1>
        </div>
      </section>
      <section className="wide">
        <h2>More from the vault</h2>
        <Cards exhibits={others} />
      </section>
    </>
  )
}

import { useLoaderData } from "#router"
import { exhibits } from "../api.server"
import { Cards } from "../cards"

export const meta = () => [{ title: "Exhibits · Open Vault" }]

export const loader = async () => ({ exhibits: await exhibits() })

export default function Exhibits() {
  return (
    <section className="wide">
      <h1>Exhibits</h1>
      <Cards exhibits={useLoaderData().exhibits} />
    </section>
  )
}

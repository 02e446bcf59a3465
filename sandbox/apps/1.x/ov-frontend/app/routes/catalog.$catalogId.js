import { redirect } from "#router"

// An address of the old site: a register knows where the recording is now.
export async function loader({ params }) {
  const id = encodeURIComponent(params.catalogId)
  const answer = await fetch(`${process.env.ORGAN_URL || "http://localhost:9000"}/ov/${id}`)
  if (!answer.ok) throw new Response("Not found", { status: 404 })
  const aapb = process.env.AAPB_HOST || "https://americanarchive.org"
  return redirect(`${aapb}/catalog/${(await answer.text()).trim()}`)
}

import { Outlet, useLoaderData } from "#router"

export { ErrorBoundary, Layout, links } from "./frame"

// What the browser is told of the environment; the real front end tells as much.
export function loader() {
  const { COOKIE_CONSENT_ID } = process.env
  return {
    ENV: {
      AAPB_HOST: process.env.AAPB_HOST || "https://americanarchive.org",
      OV_API_URL: process.env.OV_API_URL || "http://localhost:8000",
      ORGAN_URL: process.env.ORGAN_URL || "http://localhost:9000",
      ES_OV_INDEX: process.env.ES_OV_INDEX || "wagtail__wagtailcore_page",
      GBH_INDEX: process.env.GBH_INDEX || "gbh-series",
      COOKIE_CONSENT_ID,
    },
  }
}

export default function App() {
  const { ENV } = useLoaderData()
  const told = JSON.stringify(ENV).replaceAll("<", "\\u003c")
  return (
    <>
      <Outlet />
      <script dangerouslySetInnerHTML={{ __html: `window.ENV = ${told}` }} />
      {ENV.COOKIE_CONSENT_ID && (
        <script
          src="https://cdn.cookielaw.org/scripttemplates/otSDKStub.js"
          data-domain-script={ENV.COOKIE_CONSENT_ID}
        />
      )}
    </>
  )
}

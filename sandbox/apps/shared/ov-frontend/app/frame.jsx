import {
  Link,
  Links,
  Meta,
  NavLink,
  Scripts,
  ScrollRestoration,
  isRouteErrorResponse,
  useRouteError,
} from "#router"
import { pages } from "./generation"
import styles from "./styles.css?url"

export const links = () => [
  { rel: "stylesheet", href: styles },
  { rel: "icon", href: "/favicon.svg", type: "image/svg+xml" },
]

export function Layout({ children }) {
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <Meta />
        <Links />
      </head>
      <body>
        <header className="masthead">
          <Link to="/" className="mark">
            Open <span>Vault</span>
          </Link>
          <nav aria-label="Main">
            <NavLink to="/exhibits">Exhibits</NavLink>
            {pages.map(([address, name]) => (
              <NavLink key={address} to={address}>
                {name}
              </NavLink>
            ))}
            <NavLink to="/about">About</NavLink>
          </nav>
        </header>
        <main>{children}</main>
        <footer className="colophon">
          <p>A public broadcast archive. Seventy years of pictures and voices, kept for everyone.</p>
        </footer>
        <ScrollRestoration />
        <Scripts />
      </body>
    </html>
  )
}

export function ErrorBoundary() {
  const error = useRouteError()
  const missing = isRouteErrorResponse(error) && error.status === 404
  return (
    <section className="column">
      <h1>{missing ? "Nothing is kept here" : "The archive is out of reach"}</h1>
      <p>
        {missing
          ? "This page does not exist, or no longer does."
          : "Its catalogue does not answer at the moment. Please try again shortly."}
      </p>
      <p>
        <Link to="/about">About Open Vault</Link>
      </p>
    </section>
  )
}

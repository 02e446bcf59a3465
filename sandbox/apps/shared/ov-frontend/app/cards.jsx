import { Link } from "#router"
import { Picture } from "./parts"

export function Cards({ exhibits }) {
  return (
    <ul className="cards">
      {exhibits.map((exhibit) => (
        <li key={exhibit.id}>
          <Link to={`/exhibits/${exhibit.id}`} className="card">
            <Picture picture={exhibit.cover_thumb} loading="lazy" />
            <h3>{exhibit.title}</h3>
            <p>{exhibit.authors.map((author) => author.name).join(" · ")}</p>
          </Link>
        </li>
      ))}
    </ul>
  )
}

import { useRouteLoaderData } from "#router"

// A picture's address is the API's address and the path the API gives. 0.x does so, although
// nothing promises that a browser can reach what this program reaches.
export function Picture({ picture, ...rest }) {
  const { apiUrl } = useRouteLoaderData("root")
  if (!picture?.url) return null
  return (
    <img
      src={`${apiUrl}${picture.url}`}
      width={picture.width}
      height={picture.height}
      alt={picture.alt}
      {...rest}
    />
  )
}

// The text of an exhibit is one piece.
export function Body({ body }) {
  return <div className="prose" dangerouslySetInnerHTML={{ __html: body }} />
}

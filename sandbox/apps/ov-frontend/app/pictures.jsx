import { useRouteLoaderData } from "@remix-run/react"

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

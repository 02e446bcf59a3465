// A picture's address is whole: the CMS has signed it for the store, and it ends within the hour.
export function Picture({ picture, ...rest }) {
  if (!picture?.url) return null
  const { url, width, height, alt } = picture
  return <img src={url} width={width} height={height} alt={alt} {...rest} />
}

// The text of an exhibit is a list of blocks.
export function Body({ body }) {
  return (
    <div className="prose">
      {body.map(({ id, type, value }) =>
        type === "heading" ? (
          <h2 key={id}>{value}</h2>
        ) : (
          <div key={id} dangerouslySetInnerHTML={{ __html: value }} />
        ),
      )}
    </div>
  )
}

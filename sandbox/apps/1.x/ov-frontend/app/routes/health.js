// Asks nobody else: it says that this process answers, and no more.
export const loader = () => new Response("ok")

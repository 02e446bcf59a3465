import { Outlet } from "#router"

export { ErrorBoundary, Layout, links } from "./frame"

export const loader = () => ({ apiUrl: process.env.OV_API_URL })

export default function App() {
  return <Outlet />
}

// Where the CMS keeps exhibits, and the pages that only this generation has.
export const place = "exhibits"
export const pages = [["/search", "Search"]]

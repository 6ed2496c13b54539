/** Which declared path a request means. Strict: only the spelling of the contract matches, so no second spelling can slip past a check. */

export type Match<T> = { route: T; params: Record<string, string> }

/** Letters, digits, `-`, `_` in each segment and nothing else: no `%`, `;`, `.`, `//`, `\`; no query. */
const plainPath = /^(?:\/[A-Za-z0-9_-]{1,64})+$/

/** Makes a matcher over `method path` keys. Two routes that could match the same request do not start. */
export function createMatcher<T extends { method: string; path: string }>(routes: readonly T[]): (method: string, path: string) => Match<T> | undefined {
  const byShape = new Map<string, { route: T; segments: string[] }[]>()
  for (const route of routes) {
    const segments = route.path.split('/').slice(1)
    const shape = `${route.method} ${segments.length}`
    const others = byShape.get(shape) ?? []
    const twin = others.find((other) =>
      other.segments.every((segment, i) => segment === segments[i] || (segment.startsWith(':') && segments[i]!.startsWith(':'))),
    )
    if (twin) throw new Error(`Two routes are the same: ${route.method} ${route.path} and ${twin.route.path}`)
    // Fixed segments win over parameters whatever the order of declaration.
    others.push({ route, segments })
    others.sort((a, b) => countParams(a.segments) - countParams(b.segments))
    byShape.set(shape, others)
  }
  return (method, path) => {
    if (path.length > 512 || !plainPath.test(path)) return undefined
    const given = path.split('/').slice(1)
    for (const { route, segments } of byShape.get(`${method} ${given.length}`) ?? []) {
      if (!segments.every((segment, i) => segment.startsWith(':') || segment === given[i])) continue
      const params: Record<string, string> = {}
      segments.forEach((segment, i) => {
        if (segment.startsWith(':')) params[segment.slice(1)] = given[i]!
      })
      return { route, params }
    }
    return undefined
  }
}

const countParams = (segments: string[]) => segments.filter((segment) => segment.startsWith(':')).length

/** Path and query of a request target, undecoded. */
export function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const mark = target.indexOf('?')
  return mark < 0 ? { path: target, query: new URLSearchParams() } : { path: target.slice(0, mark), query: new URLSearchParams(target.slice(mark + 1)) }
}

/** A query as an object for its schema; a name given twice is refused by giving it as an array. U+0000, which PostgreSQL cannot hold, is taken out. */
export function queryObject(query: URLSearchParams): Record<string, string | string[]> {
  const names = [...new Set(query.keys())].filter((name) => name !== '__proto__')
  return Object.fromEntries(
    names.map((name) => {
      const values = query.getAll(name).map((value) => value.replaceAll('\u0000', ''))
      return [name, values.length === 1 ? values[0]! : values]
    }),
  )
}

/** Static files of our own origin and of a configured map service: what is not an endpoint of the contract. */

/** Throws when the file is not there or is not JSON. */
export async function loadJson(url: string, signal?: AbortSignal): Promise<unknown> {
  return (await loadFile(url, signal)).json()
}

export async function loadText(url: string, signal?: AbortSignal): Promise<string> {
  return (await loadFile(url, signal)).text()
}

async function loadFile(url: string, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(url, { credentials: 'same-origin', ...(signal && { signal }) })
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  return response
}

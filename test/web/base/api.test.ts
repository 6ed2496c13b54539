import { afterEach, describe, expect, test, vi } from 'vitest'
import { accountApi } from '../../../server/contract/accounts.ts'
import { cameraApi } from '../../../server/contract/cameras.ts'
import { CameraId } from '../../../server/contract/ids.ts'
import { statusApi } from '../../../server/contract/status.ts'
import { ApiError, call, callBytes, setSignedOutHandler, urlOf } from '../../../web/base/api.ts'

const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })
const answer = (response: Response | Error) => {
  const fake = vi.fn(async (_url: string, _init: RequestInit) => {
    if (response instanceof Error) throw response
    return response
  })
  vi.stubGlobal('fetch', fake)
  return fake
}
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('it should have failed'),
    (error: unknown) => error as ApiError,
  )

afterEach(() => {
  vi.unstubAllGlobals()
  setSignedOutHandler(() => {})
})

describe('asking the server', () => {
  test('the address is made from the contract', async () => {
    const fetched = answer(json([]))
    await call(statusApi.recent, { query: { limit: 5 } })
    expect(fetched.mock.calls[0]?.[0]).toBe('/api/status/recent?limit=5')
    expect(fetched.mock.calls[0]?.[1]).toMatchObject({ method: 'GET', credentials: 'same-origin' })
  })

  test('parameters cannot leave their place', () =>
    expect(urlOf('/api/cameras/:cameraId/still', { cameraId: '../x?y' }, undefined)).toBe('/api/cameras/..%2Fx%3Fy/still'))

  test('a change is always sent as JSON', async () => {
    const fetched = answer(json({}))
    await call(accountApi.logout)
    expect(fetched.mock.calls[0]?.[1]).toMatchObject({ method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } })
  })

  test('bytes come with their headers', async () => {
    answer(new Response(new Uint8Array([1, 2, 3]), { headers: { 'x-still-at': '17' } }))
    const reply = await callBytes(cameraApi.still, { params: { cameraId: CameraId.parse('c1') } })
    expect([reply?.bytes.byteLength, reply?.headers.get('x-still-at')]).toEqual([3, '17'])
  })

  test('no bytes at all is an answer, not an error', async () => {
    answer(new Response(null, { status: 204 }))
    expect(await callBytes(cameraApi.still, { params: { cameraId: CameraId.parse('c1') } })).toBeUndefined()
  })
})

describe('what goes wrong has a code', () => {
  test('the code of the contract, with its time to wait', async () => {
    answer(json({ code: 'locked_out', detail: 'x', requestId: 'r1', retryAfterMs: 900_000 }, 429))
    expect(await failure(call(accountApi.login, { body: { account: 'a', password: 'b' } }))).toMatchObject({
      code: 'locked_out',
      retryAfterMs: 900_000,
      requestId: 'r1',
      status: 429,
    })
  })

  test.each([
    { name: 'no connection', response: new TypeError('Failed to fetch'), code: 'server_unreachable' },
    { name: 'a proxy without its server', response: new Response('<html>', { status: 502 }), code: 'server_unreachable' },
    { name: 'a page instead of an answer', response: new Response('<html>', { status: 200 }), code: 'reply_not_understood' },
    { name: 'another shape', response: json({ ok: 'yes' }), code: 'reply_not_understood' },
  ])('$name: $code', async ({ response, code }) => {
    answer(response)
    expect(await failure(call(accountApi.me))).toMatchObject({ name: 'ApiError', code })
  })

  test('a login that ended is told, a wrong password is not', async () => {
    const signedOut = vi.fn()
    setSignedOutHandler(signedOut)
    answer(json({ code: 'login_failed', detail: '', requestId: 'r' }, 401))
    await failure(call(accountApi.login, { body: { account: 'a', password: 'b' } }))
    expect(signedOut).not.toHaveBeenCalled()
    answer(json({ code: 'not_signed_in', detail: '', requestId: 'r' }, 401))
    await failure(call(accountApi.me))
    expect(signedOut).toHaveBeenCalledOnce()
  })

  test('an abort is not a fault of the server', async () => {
    const stop = new AbortController()
    vi.stubGlobal(
      'fetch',
      (_url: string, init: RequestInit) =>
        new Promise((_, reject) => init.signal?.addEventListener('abort', () => reject(new DOMException('stopped', 'AbortError')))),
    )
    const asked = failure(call(accountApi.me, { signal: stop.signal }))
    stop.abort()
    expect((await asked).name).toBe('AbortError')
  })
})

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { CameraId } from '../../../server/contract/ids.ts'
import type { PushMessage } from '../../../server/contract/push.ts'
import type { CameraStatus } from '../../../server/contract/status.ts'
import { createPushClient, type OpenPushSocket, type PushHandlers, type PushPosition } from '../../../web/base/push.ts'

const cameraId = CameraId.parse('c1')

class FakeSocket {
  isClosed = false
  readonly url: string
  readonly #on: Parameters<OpenPushSocket>[1]
  constructor(url: string, on: Parameters<OpenPushSocket>[1]) {
    this.url = url
    this.#on = on
  }
  say(message: PushMessage) {
    this.#on.text(JSON.stringify(message))
  }
  sayText(text: string) {
    this.#on.text(text)
  }
  drop() {
    this.#on.close(1006)
  }
  close() {
    this.isClosed = true
  }
}

const hello = (epoch: string, seq: number): PushMessage => ({ topic: 'hello', epoch, seq, serverAt: 1_000, heartbeatMs: 10_000 })
const heartbeat = (epoch: string, seq: number, stateHash: string): PushMessage => ({ topic: 'heartbeat', epoch, seq, serverAt: 1_000, stateHash, alarms: [] })
const status = (epoch: string, seq: number, to: CameraStatus = 'offline'): PushMessage => ({
  topic: 'cameraStatus',
  epoch,
  seq,
  states: [{ cameraId, status: to, cause: null, detail: null, sinceAt: seq, evidenceAt: null }],
  changes: [],
})

function rig() {
  const sockets: FakeSocket[] = []
  const taken: number[] = []
  const server = { position: { epoch: 'e1', seq: 5 } as PushPosition, isDown: false, hash: 'same', gate: undefined as Promise<void> | undefined }
  const handlers = {
    reload: vi.fn(async () => {
      if (server.isDown) throw new Error('server away')
      await server.gate
      return server.position
    }),
    onCameraStatus: vi.fn((message: { seq: number }) => void taken.push(message.seq)),
    stateHash: () => server.hash,
    onAlarms: () => undefined,
    onExports: vi.fn(),
    onWallLists: vi.fn<() => void>(),
    onLoginEnded: vi.fn(),
    onConnectFailed: vi.fn(),
  } satisfies PushHandlers
  const client = createPushClient(handlers, {
    random: () => 1, // the longest pause
    openSocket(url, on) {
      const socket = new FakeSocket(url, on)
      sockets.push(socket)
      return socket
    },
  })
  const last = () => sockets.at(-1)!
  const settle = () => vi.advanceTimersByTimeAsync(0)
  return { client, server, handlers, sockets, taken, last, settle }
}

async function live() {
  const it = rig()
  it.client.start()
  await it.settle()
  it.last().say(hello('e1', 5))
  return it
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('W1 the page knows what the server knows', () => {
  test('fetches first, then asks for what came after', async () => {
    const { client, sockets, last } = await live()
    expect(sockets).toHaveLength(1)
    expect(last().url).toBe('/push?epoch=e1&seq=5')
    expect(client.connection.value).toBe('live')
    client.stop()
  })

  test('R-WALL-1 other layouts or rotations are told at once and change nothing of the position', async () => {
    const { client, last, handlers } = await live()
    last().say({ topic: 'wallLists' })
    expect(handlers.onWallLists.mock.calls).toHaveLength(1)
    last().drop()
    await vi.advanceTimersByTimeAsync(250)
    expect(last().url).toBe('/push?epoch=e1&seq=5')
    client.stop()
  })

  test('resumes from the last message it took', async () => {
    const { client, last, sockets, taken } = await live()
    last().say(status('e1', 6))
    last().say(status('e1', 9)) // what others may see in between is not for us
    last().drop()
    expect(client.connection.value).toBe('lost')
    await vi.advanceTimersByTimeAsync(250)
    expect(sockets).toHaveLength(2)
    expect(last().url).toBe('/push?epoch=e1&seq=9')
    last().say(hello('e1', 11))
    last().say(status('e1', 10))
    last().say(status('e1', 11))
    expect(taken).toEqual([6, 9, 10, 11])
    expect(client.connection.value).toBe('live')
    client.stop()
  })

  test('R-DL-1 what concerns the user alone is handed on, whatever else is being fetched', async () => {
    const { client, last, handlers, server } = await live()
    server.gate = new Promise(() => undefined)
    last().say(hello('e2', 1))
    last().say({ topic: 'exports', toDecide: 2, readyAts: [5] })
    expect(handlers.onExports).toHaveBeenCalledWith({ topic: 'exports', toDecide: 2, readyAts: [5] })
    client.stop()
  })

  test('takes no message twice and none of another server start', async () => {
    const { client, last, taken } = await live()
    last().say(status('e1', 6))
    last().say(status('e1', 6))
    last().say(status('e1', 4))
    last().say(status('e0', 99))
    expect(taken).toEqual([6])
    client.stop()
  })

  test.each(['too_old', 'cameras_changed', 'rights_changed', 'new_epoch'] as const)('resync (%s) fetches anew', async (reason) => {
    const { client, handlers, last, settle } = await live()
    last().say({ topic: 'resync', epoch: 'e1', seq: 8, reason })
    await settle()
    expect(handlers.reload.mock.calls.map(([why]: unknown[]) => why)).toEqual(['start', reason])
    client.stop()
  })

  test('what arrives while fetching waits, and only what is newer is applied', async () => {
    const { client, server, last, settle, taken } = await live()
    let open = () => {}
    server.gate = new Promise((resolve) => (open = resolve))
    server.position = { epoch: 'e1', seq: 20 }
    last().say({ topic: 'resync', epoch: 'e1', seq: 8, reason: 'cameras_changed' })
    last().say(status('e1', 19))
    last().say(status('e1', 21))
    await settle()
    expect(taken).toEqual([])
    open()
    await settle()
    expect(taken).toEqual([21])
    client.stop()
  })

  test('a heartbeat whose hash differs fetches anew; an equal one only moves the position', async () => {
    const { client, handlers, last, server, settle } = await live()
    last().say(heartbeat('e1', 7, 'same'))
    await settle()
    expect(handlers.reload).toHaveBeenCalledTimes(1)
    last().say(heartbeat('e1', 8, 'other'))
    server.position = { epoch: 'e1', seq: 8 }
    await settle()
    expect(handlers.reload.mock.calls.map(([why]: unknown[]) => why)).toEqual(['start', 'hash_differs'])
    last().drop()
    await vi.advanceTimersByTimeAsync(250)
    expect(last().url).toBe('/push?epoch=e1&seq=8')
    client.stop()
  })

  test('what it cannot understand is left out', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const { client, last, taken } = await live()
    last().sayText('not json')
    last().sayText('{"topic":"of tomorrow"}')
    last().say(status('e1', 6))
    expect(taken).toEqual([6])
    expect(warn).toHaveBeenCalledTimes(2)
    client.stop()
  })
})

describe('W2 the page heals alone', () => {
  test('a restarted server (new epoch) is fetched anew without a reload of the page', async () => {
    const { client, handlers, server, last, settle, taken } = await live()
    last().drop()
    server.position = { epoch: 'e2', seq: 0 }
    await vi.advanceTimersByTimeAsync(250)
    last().say(hello('e2', 0))
    await settle()
    expect(handlers.reload.mock.calls.map(([why]: unknown[]) => why)).toEqual(['start', 'new_epoch'])
    last().say(status('e2', 1))
    expect(taken).toEqual([1])
    client.stop()
  })

  test('pauses grow to 5 s and never end', async () => {
    const { client, last, sockets, handlers } = await live()
    const pauses: number[] = []
    for (let i = 0; i < 8; i++) {
      const before = sockets.length
      last().drop()
      let waitedMs = 0
      while (sockets.length === before && waitedMs < 20_000) {
        await vi.advanceTimersByTimeAsync(50)
        waitedMs += 50
      }
      pauses.push(waitedMs)
    }
    expect(pauses).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000, 5000])
    expect(handlers.onConnectFailed).toHaveBeenCalledTimes(7)
    client.stop()
  })

  test('a server that is away at the start is asked again', async () => {
    const it = rig()
    it.server.isDown = true
    it.client.start()
    await it.settle()
    expect(it.client.connection.value).toBe('lost')
    it.server.isDown = false
    await vi.advanceTimersByTimeAsync(250)
    expect(it.sockets).toHaveLength(1)
    it.client.stop()
  })

  test('a silent line is dropped after one and a half heartbeats', async () => {
    const { client, last, sockets } = await live()
    const first = last()
    await vi.advanceTimersByTimeAsync(15_000)
    expect(first.isClosed).toBe(false)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(first.isClosed).toBe(true)
    await vi.advanceTimersByTimeAsync(250)
    expect(sockets).toHaveLength(2)
    client.stop()
  })

  test('20 s without a word: stale, and well again with the first word', async () => {
    const { client, last } = await live()
    await vi.advanceTimersByTimeAsync(19_000)
    expect(client.isStale.value).toBe(false)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(client.isStale.value).toBe(true)
    last().say(hello('e1', 5))
    expect(client.isStale.value).toBe(false)
    client.stop()
  })

  test('coming to the front tries at once', async () => {
    const { client, last, sockets } = await live()
    for (let i = 0; i < 6; i++) {
      last().drop()
      await vi.advanceTimersByTimeAsync(5_000)
    }
    last().drop()
    const before = sockets.length
    document.dispatchEvent(new Event('visibilitychange'))
    expect(sockets).toHaveLength(before + 1)
    client.stop()
  })

  test('an old socket has nothing more to say', async () => {
    const { client, sockets, last, taken } = await live()
    const first = last()
    first.drop()
    await vi.advanceTimersByTimeAsync(250)
    last().say(hello('e1', 5))
    first.say(status('e1', 50))
    first.drop()
    expect(taken).toEqual([])
    expect(client.connection.value).toBe('live')
    expect(sockets).toHaveLength(2)
    client.stop()
  })

  test('nothing is left running after stop', async () => {
    const { client, last, sockets } = await live()
    last().drop()
    client.stop()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(sockets).toHaveLength(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('a login that ended is told', async () => {
    const { client, handlers, last } = await live()
    last().say({ topic: 'loginEnded', reason: 'revoked' })
    expect(handlers.onLoginEnded).toHaveBeenCalledWith('revoked')
    client.stop()
  })
})

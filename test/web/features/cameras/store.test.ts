import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { hashStates, type PushMessage } from '../../../../server/contract/push.ts'
import type { CameraStatus } from '../../../../server/contract/status.ts'
import { useCameraStore } from '../../../../web/features/cameras/store.ts'
import { cameraPoint } from './points.ts'

const points = Array.from({ length: 40 }, (_, i) => cameraPoint({ id: `c${i}` }))

class FakeWebSocket {
  static last: FakeWebSocket | undefined
  onmessage: ((event: { data: string }) => void) | undefined
  onclose: ((event: { code: number }) => void) | undefined
  readonly url: string
  constructor(url: string) {
    this.url = url
    FakeWebSocket.last = this
  }
  close() {}
  say(message: PushMessage) {
    this.onmessage?.({ data: JSON.stringify(message) })
  }
}

let served: { seq: number; points: typeof points }
let requests: string[]

beforeEach(async () => {
  vi.useFakeTimers()
  setActivePinia(createPinia())
  served = { seq: 1, points }
  requests = []
  vi.stubGlobal('WebSocket', FakeWebSocket)
  vi.stubGlobal('fetch', async (url: string) => {
    requests.push(url)
    const body = url.startsWith('/api/cameras')
      ? { epoch: 'e', seq: served.seq, serverAt: 1, points: served.points }
      : url.startsWith('/api/map')
        ? { baseMap: { kind: 'none' }, otherBaseMaps: [], outline: null, center: [111.66, 40.75], zoom: 13 }
        : []
    return new Response(JSON.stringify(body))
  })
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

async function loaded() {
  const store = useCameraStore()
  store.load()
  await vi.advanceTimersByTimeAsync(300)
  FakeWebSocket.last?.say({ topic: 'hello', epoch: 'e', seq: 1, serverAt: 1, heartbeatMs: 10_000 })
  return store
}

function change(seq: number, index: number, status: CameraStatus) {
  const point = points[index]!
  FakeWebSocket.last?.say({
    topic: 'cameraStatus',
    epoch: 'e',
    seq,
    states: [{ ...point.state, status, sinceAt: seq }],
    changes: [{ cameraId: point.cameraId, name: point.name, from: 'online', to: status, cause: null, at: seq, lastedMs: 0 }],
  })
}

describe('R-MAP-1 the page follows the states by push', () => {
  test('a change shows, counts and stands in the ticker', async () => {
    const store = await loaded()
    expect(store.counts.online).toBe(40)
    change(2, 3, 'offline')
    await vi.advanceTimersByTimeAsync(250)
    expect(store.byId.get(points[3]!.cameraId)?.state.status).toBe('offline')
    expect([store.counts.offline, store.counts.online, store.onlineRate]).toEqual([1, 39, 39 / 40])
    expect(store.recentChanges[0]).toMatchObject({ to: 'offline', at: 2 })
    store.close()
  })

  test('a thousand changes a second move the screen four times a second', async () => {
    const store = await loaded()
    const seen = new Set([store.byId])
    let seq = 2
    for (let tick = 0; tick < 100; tick++) {
      for (let i = 0; i < 10; i++) change(seq++, (tick * 10 + i) % points.length, tick % 2 === 0 ? 'offline' : 'online')
      await vi.advanceTimersByTimeAsync(10)
      seen.add(store.byId)
    }
    expect(seen.size).toBeGreaterThan(2)
    expect(seen.size).toBeLessThanOrEqual(6)
    expect(store.recentChanges.length).toBeLessThanOrEqual(500)
    store.close()
  })

  test('a hash taken at once counts what is not yet on the screen: no needless fetch', async () => {
    const store = await loaded()
    change(2, 0, 'offline')
    const states = points.map((point, index) => (index === 0 ? { ...point.state, status: 'offline' as const } : point.state))
    const before = requests.length
    FakeWebSocket.last?.say({ topic: 'heartbeat', epoch: 'e', seq: 2, serverAt: 1, stateHash: hashStates(states), alarms: [] })
    await vi.advanceTimersByTimeAsync(0)
    expect(requests).toHaveLength(before)
    store.close()
  })

  test('W1 a missed message is noticed by the hash and healed', async () => {
    const store = await loaded()
    served = { seq: 9, points: points.map((point, index) => (index === 7 ? { ...point, state: { ...point.state, status: 'offline' as const } } : point)) }
    FakeWebSocket.last?.say({
      topic: 'heartbeat',
      epoch: 'e',
      seq: 9,
      serverAt: 1,
      stateHash: hashStates(served.points.map((point) => point.state)),
      alarms: [],
    })
    await vi.advanceTimersByTimeAsync(300)
    expect(store.counts.offline).toBe(1)
    store.close()
  })

  test('R-WALL-1 word of other layouts and rotations reaches whoever shows them', async () => {
    const store = await loaded()
    const before = store.wallListChanges
    FakeWebSocket.last?.say({ topic: 'wallLists' })
    expect(store.wallListChanges).toBe(before + 1)
    store.close()
  })

  test('nothing of the last user stays', async () => {
    const store = await loaded()
    store.close()
    expect([store.byId.size, store.stations.size, store.recentChanges.length, store.isLoaded]).toEqual([0, 0, 0, false])
  })
})

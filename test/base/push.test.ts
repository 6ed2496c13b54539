import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { systemClock } from '../../server/base/clock.ts'
import { silentLog } from '../../server/base/log.ts'
import { createPush, HEARTBEAT_MS, type Push } from '../../server/base/push.ts'
import type { LoginSession, User } from '../../server/base/routes.ts'
import type { CameraId, StationId, UserId } from '../../server/contract/ids.ts'
import { hashStates, PushMessage } from '../../server/contract/push.ts'
import { type CameraState, type CameraStatus, CameraStatus as Statuses } from '../../server/contract/status.ts'
import type { DiskAlarm } from '../../server/contract/storage.ts'
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts'

const user = (userId: string, stationIds: string[] | null, permissions: User['permissions'] = ['camera.see']): User => ({
  userId: userId as UserId,
  account: userId,
  displayName: userId,
  role: 'dutyOfficer',
  permissions,
  stationIds: stationIds as StationId[] | null,
})
const cameraIds = Array.from({ length: 468 }, (_, i) => `c${i}` as CameraId)
const stationOf = (cameraId: string) => `s${Number(cameraId.slice(1)) % 4}`
const stateOf = (cameraId: CameraId, status: CameraStatus, at = 0): CameraState => ({
  cameraId,
  status,
  cause: null,
  detail: null,
  sinceAt: at,
  evidenceAt: at,
})

/** The push of a server whose sockets are let in as `?user=`; the gate is tested elsewhere. */
async function openPush(clock = createFakeClock() as FakeClock | typeof systemClock) {
  const states = new Map(cameraIds.map((cameraId) => [cameraId, stateOf(cameraId, 'unknown')]))
  const users = new Map(
    [
      user('all', null),
      user('s1', ['s1']),
      user('blind', null, ['audit.read']),
      user('chief', null, ['camera.see', 'camera.download']),
      user('viewer', null, ['camera.see', 'camera.live']),
    ].map((each) => [each.userId as string, each]),
  )
  const alarms: DiskAlarm[] = []
  /** How many exports wait for each user; `reads` counts how often it was asked. */
  const own = { toDecide: new Map<string, number>(), reads: 0, isBroken: false }
  const push = createPush({
    clock,
    log: silentLog,
    listStates: () => states.values(),
    listAlarms: () => alarms,
    async readOwn({ userId }) {
      own.reads++
      if (own.isBroken) throw new Error('the database is away')
      return { topic: 'exports', toDecide: own.toDecide.get(userId) ?? 0, readyAts: [] }
    },
    mayTouchCamera: (who, cameraId) => who.stationIds === null || who.stationIds.includes(stationOf(cameraId) as StationId),
  })
  const server = createServer()
  server.on('upgrade', (request, socket, head) => {
    const { user: who = 'all', loginId = 'l1', ...query } = Object.fromEntries(new URL(request.url!, 'http://x').searchParams) as Record<string, string>
    void push.route.onUpgrade({
      request,
      socket,
      head,
      params: {},
      query: push.route.query.parse(query),
      user: users.get(who)!,
      login: { loginId } as LoginSession,
      requestId: 'r',
      address: 'a',
    } as never)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/push`
  return {
    push,
    states,
    alarms,
    own,
    url,
    set(cameraId: CameraId, status: CameraStatus) {
      const from = states.get(cameraId)!.status
      const state = stateOf(cameraId, status, clock.now())
      states.set(cameraId, state)
      push.cameraStatus([state], [{ cameraId, name: cameraId, from, to: status, cause: null, at: clock.now(), lastedMs: 0 }])
    },
    async close() {
      push.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A page: keeps every message, and the states they add up to, as the contract asks. */
function openPage(url: string, query: Record<string, string | number> = {}) {
  const messages: PushMessage[] = []
  const states = new Map<string, CameraStatus>()
  const closed: { code?: number } = {}
  const socket = new WebSocket(`${url}?${new URLSearchParams(Object.entries(query).map(([key, value]): [string, string] => [key, String(value)])).toString()}`)
  socket.on('message', (bytes) => {
    const message = PushMessage.parse(JSON.parse((bytes as Buffer).toString()))
    messages.push(message)
    if (message.topic === 'cameraStatus') for (const { cameraId, status } of message.states) states.set(cameraId, status)
  })
  socket.on('close', (code) => (closed.code = code))
  socket.on('error', () => {})
  const until = async <T>(find: () => T | undefined): Promise<T> => {
    for (;;) {
      const found = find()
      if (found !== undefined && found !== false) return found
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return { socket, messages, states, closed, until, has: (topic: PushMessage['topic']) => until(() => messages.find((message) => message.topic === topic)) }
}

describe('push: numbers, areas, resume', () => {
  let opened: Awaited<ReturnType<typeof openPush>>
  let clock: FakeClock
  let push: Push
  beforeEach(async () => {
    clock = createFakeClock()
    opened = await openPush(clock)
    push = opened.push
  })
  afterEach(() => opened.close())
  const flush = () => clock.advance(250)

  test('greets with epoch, number and the server time', async () => {
    const page = openPage(opened.url)
    expect(await page.has('hello')).toEqual({ topic: 'hello', ...push.position(), serverAt: clock.now(), heartbeatMs: 10_000 })
  })
  test('a burst goes out as one message, the next not before 50 ms', async () => {
    const page = openPage(opened.url)
    await page.has('hello')
    for (const cameraId of cameraIds) opened.set(cameraId, 'online')
    clock.advance(10)
    const first = await page.has('cameraStatus')
    expect(first).toMatchObject({ seq: 1 })
    expect(first.topic === 'cameraStatus' && [first.states.length, first.changes.length]).toEqual([468, 468])
    opened.set(cameraIds[0]!, 'offline')
    opened.set(cameraIds[0]!, 'online')
    clock.advance(39)
    expect(push.position().seq).toBe(1)
    clock.advance(10)
    expect(push.position().seq).toBe(1)
    clock.advance(1)
    const second = await page.until(() => page.messages.find((message) => message.topic === 'cameraStatus' && message.seq === 2))
    expect(second.topic === 'cameraStatus' && [second.states.map(({ status }) => status), second.changes.length]).toEqual([['online'], 2])
  })
  test('a user sees the cameras of their stations; every page sees every number', async () => {
    const pages = ['all', 's1', 'blind'].map((each) => openPage(opened.url, { user: each }))
    await Promise.all(pages.map((page) => page.has('hello')))
    for (const cameraId of cameraIds.slice(0, 8)) opened.set(cameraId, 'offline')
    flush()
    const seen = await Promise.all(pages.map((page) => page.has('cameraStatus')))
    expect(seen.map((message) => message.topic === 'cameraStatus' && [message.seq, message.states.length, message.changes.length])).toEqual([
      [1, 8, 8],
      [1, 2, 2],
      [1, 0, 0],
    ])
  })
  test('the heartbeat has the hash of what this user may see', async () => {
    const [all, s1] = [openPage(opened.url), openPage(opened.url, { user: 's1' })]
    await Promise.all([all.has('hello'), s1.has('hello')])
    opened.set(cameraIds[1]!, 'offline')
    clock.advance(HEARTBEAT_MS)
    const [ofAll, ofS1] = await Promise.all([all.has('heartbeat'), s1.has('heartbeat')])
    expect(ofAll).toMatchObject({ seq: 1, stateHash: hashStates(opened.states.values()) })
    expect(ofS1).toMatchObject({ stateHash: hashStates([...opened.states.values()].filter(({ cameraId }) => stationOf(cameraId) === 's1')) })
  })
  test('R-WALL-1 a changed wall list is told to those it concerns, never to one without live pictures', async () => {
    const pages = ['all', 's1', 'viewer'].map((each) => openPage(opened.url, { user: each }))
    await Promise.all(pages.map((page) => page.has('hello')))
    const asked: string[] = []
    push.wallListsChanged(({ userId }) => {
      asked.push(userId)
      return userId !== 's1'
    })
    // numbered behind it: once it is there, the other is or never comes
    push.camerasChanged()
    await Promise.all(pages.map((page) => page.has('resync')))
    expect(pages.map((page) => page.messages.filter(({ topic }) => topic === 'wallLists'))).toEqual([[], [], [{ topic: 'wallLists' }]])
    expect(asked).toEqual(['viewer'])
  })

  test('R-STORE-3 the heartbeat tells everybody of a disk that fills', async () => {
    const page = openPage(opened.url)
    await page.has('hello')
    opened.alarms.push({ name: 'one', state: 'ok', level: 'warn' })
    clock.advance(HEARTBEAT_MS)
    expect(await page.has('heartbeat')).toMatchObject({ alarms: [{ name: 'one', state: 'ok', level: 'warn' }] })
  })
  test('R-DL-1 each hears what concerns them alone, when their page comes and when it is different; who may not download hears nothing', async () => {
    opened.own.toDecide.set('chief', 1)
    const [chief, all, blind] = ['chief', 'all', 'blind'].map((each) => openPage(opened.url, { user: each }))
    const told = () => chief!.messages.flatMap((message) => (message.topic === 'exports' ? [message.toDecide] : []))
    await chief!.has('exports')
    expect(chief!.messages.map(({ topic }) => topic)).toEqual(['hello', 'exports'])
    for (let i = 0; i < 100; i++) push.ownChanged() // for others: nothing new for this one
    opened.own.toDecide.set('chief', 2)
    push.ownChanged()
    await chief!.until(() => told().length > 1)
    expect(told()).toEqual([1, 2])
    expect(opened.own.reads).toBeLessThan(5)
    await Promise.all([all!.has('hello'), blind!.has('hello')])
    expect([all, blind].flatMap((page) => page!.messages.map(({ topic }) => topic))).toEqual(['hello', 'hello'])
  })
  test('R-DL-1 what could not be read is told with the next heartbeat', async () => {
    opened.own.isBroken = true
    const page = openPage(opened.url, { user: 'chief' })
    await page.has('hello')
    await page.until(() => opened.own.reads > 0)
    opened.own.isBroken = false
    opened.own.toDecide.set('chief', 3)
    clock.advance(HEARTBEAT_MS)
    expect(await page.has('exports')).toEqual({ topic: 'exports', toDecide: 3, readyAts: [] })
  })
  test('a page that comes back gets exactly what it missed', async () => {
    for (let i = 0; i < 5; i++) {
      opened.set(cameraIds[i]!, 'online')
      flush()
    }
    const page = openPage(opened.url, { epoch: push.position().epoch, seq: 2 })
    await page.until(() => page.messages.length >= 4)
    expect(page.messages.map((message) => 'seq' in message && [message.topic, message.seq])).toEqual([
      ['hello', 2],
      ['cameraStatus', 3],
      ['cameraStatus', 4],
      ['cameraStatus', 5],
    ])
  })
  test.each([
    { name: 'another epoch', query: { epoch: 'other', seq: 1 }, reason: 'new_epoch' },
    { name: 'a number from the future', query: { seq: 99_999 }, reason: 'too_old' },
    { name: 'a number no longer kept', query: { seq: 0 }, reason: 'too_old' },
  ])('$name means: fetch anew', async ({ query, reason }) => {
    for (let i = 0; i < 5_010; i++) {
      opened.set(cameraIds[i % 468]!, 'online')
      flush()
    }
    const page = openPage(opened.url, { epoch: push.position().epoch, ...query })
    expect(await page.has('resync')).toMatchObject({ reason, seq: 5_010 })
  })
  test('changed cameras reach pages that were away too', async () => {
    const { epoch } = push.position()
    push.camerasChanged()
    const page = openPage(opened.url, { epoch, seq: 0 })
    expect(await page.has('resync')).toMatchObject({ reason: 'cameras_changed', seq: 1 })
  })
  test('a login that ends is told why, and only its sockets close', async () => {
    const [mine, other] = [openPage(opened.url, { loginId: 'mine' }), openPage(opened.url, { loginId: 'other' })]
    await Promise.all([mine.has('hello'), other.has('hello')])
    expect(push.endLogin('mine', 'revoked')).toBe(1)
    expect(await mine.has('loginEnded')).toEqual({ topic: 'loginEnded', reason: 'revoked' })
    expect(await mine.until(() => mine.closed.code)).toBe(4010)
    expect(other.socket.readyState).toBe(WebSocket.OPEN)
    expect(push.clientCount()).toBe(1)
  })
  test('a page that stops reading is closed and the others go on', async () => {
    const [slow, quick] = [openPage(opened.url), openPage(opened.url)]
    await Promise.all([slow.has('hello'), quick.has('hello')])
    slow.socket.pause()
    for (let round = 0; push.clientCount() === 2 && round < 2_000; round++) {
      for (const cameraId of cameraIds) opened.set(cameraId, round % 2 ? 'online' : 'offline')
      flush()
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(push.clientCount()).toBe(1)
    const { seq } = push.position()
    await quick.until(() => quick.messages.some((message) => 'seq' in message && message.seq === seq))
    slow.socket.terminate()
  })
  test('a peer that vanished is noticed by the second heartbeat', async () => {
    const page = openPage(opened.url)
    await page.has('hello')
    page.socket.pong = () => {}
    page.socket.pause()
    clock.advance(HEARTBEAT_MS)
    clock.advance(HEARTBEAT_MS)
    await page.until(() => push.clientCount() === 0 || undefined)
    page.socket.terminate()
  })
})

describe('W1 random disconnects', () => {
  test('every page ends with the state of the server, without a missing or a doubled number', async () => {
    const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
    console.info(`seed ${seed}`)
    let random = seed
    const next = (below: number) => ((random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0) >>> 8) % below

    const clock = createFakeClock()
    const opened = await openPush(clock)
    type Client = { page: ReturnType<typeof openPage>; states: Map<string, CameraStatus>; epoch: string; seq: number; numbers: number[] }
    const clients: Client[] = []
    const take = (client: Client) => {
      for (const message of client.page.messages.splice(0)) {
        if (message.topic === 'hello') expect(message.seq).toBe(client.seq)
        if (message.topic === 'resync') throw new Error('nobody was away that long')
        if (message.topic !== 'cameraStatus') continue
        client.numbers.push(message.seq)
        client.seq = message.seq
        for (const { cameraId, status } of message.states) client.states.set(cameraId, status)
      }
    }
    const join = (known?: Client) => {
      const { epoch, seq } = opened.push.position()
      const start = known ?? {
        states: new Map([...opened.states.values()].map(({ cameraId, status }) => [cameraId as string, status])),
        epoch,
        seq,
        numbers: [] as number[],
      }
      return { ...start, page: openPage(opened.url, { epoch: start.epoch, seq: start.seq }) }
    }
    const rounds = process.env['LONG'] === '1' ? 5_000 : 100
    for (let i = 0; i < 50; i++) clients.push(join())
    for (let round = 0; round < rounds; round++) {
      for (let change = 0; change < 20; change++) opened.set(cameraIds[next(468)]!, Statuses.options[next(5)]!)
      clock.advance(250)
      await new Promise((resolve) => setImmediate(resolve))
      if (next(2) === 0) {
        const index = next(clients.length)
        const client = clients[index]!
        // What arrived before the cut counts; what was on its way does not.
        take(client)
        client.page.socket.removeAllListeners('message')
        client.page.socket.terminate()
        clients[index] = join(client)
      }
    }
    const last = opened.push.position().seq
    for (const client of clients) {
      await client.page.until(() => {
        take(client)
        return client.seq === last || undefined
      })
      expect(client.numbers).toEqual(Array.from({ length: client.numbers.length }, (_, i) => last - client.numbers.length + 1 + i))
      expect(hashStates([...client.states].map(([cameraId, status]) => ({ cameraId: cameraId as CameraId, status })))).toBe(hashStates(opened.states.values()))
      client.page.socket.terminate()
    }
    await opened.close()
  })

  test('468 changes reach 50 pages (time printed; the mark of 100 ms is held by the benchmark)', async () => {
    const opened = await openPush(systemClock)
    // Pages that only look at the size: what is measured is the server, not fifty pages in one process.
    const sockets = Array.from({ length: 50 }, () => new WebSocket(opened.url))
    await Promise.all(sockets.map((socket) => once(socket, 'message')))
    const startedMs = performance.now()
    const tookMs = sockets.map(
      (socket) =>
        new Promise<number>((resolve) => socket.on('message', (bytes) => (bytes as Buffer).length > 50_000 && resolve(performance.now() - startedMs))),
    )
    for (const cameraId of cameraIds) opened.set(cameraId, 'offline')
    const sorted = (await Promise.all(tookMs)).sort((a, b) => a - b)
    console.info(`push of 468 changes to 50 pages: median ${sorted[25]!.toFixed(1)} ms, last ${sorted[49]!.toFixed(1)} ms`)
    expect(sorted[49]).toBeLessThan(2_000)
    for (const socket of sockets) socket.terminate()
    await opened.close()
  })
})

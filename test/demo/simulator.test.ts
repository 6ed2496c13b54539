import { afterEach, describe, expect, test } from 'vitest'
import { createSimulator, type Fault, type SimulatedCamera, type Simulator, type SimulatorOptions } from '../../server/demo/simulator.ts'
import { joinPictures, sequenceOf, timestampOf, WatchingClient } from './rtsp-client.ts'

let simulator: Simulator | undefined
let clients: WatchingClient[] = []

afterEach(async () => {
  for (const client of clients) client.close()
  clients = []
  await simulator?.close()
  simulator = undefined
})

const plain = {
  cameraId: 'a',
  clip: 'road-dusk',
  mainCodec: 'h264',
  sound: 'none',
  username: 'admin',
  password: 'secret',
  hasParameterSetsInSdp: true,
  switchName: null,
} as const satisfies SimulatedCamera

async function start(cameras: Partial<SimulatedCamera>[] = [{}], options: Partial<SimulatorOptions> = {}) {
  simulator = await createSimulator({ ...options, cameras: cameras.map((camera) => ({ ...plain, ...camera })) })
  return { simulator, ports: simulator.cameras.map(({ port }) => port) as [number, ...number[]] }
}

async function open(port: number): Promise<WatchingClient> {
  const client = await WatchingClient.open(port)
  clients.push(client)
  return client
}

/** Time for the first key frame of a clip with groups of one second, on a busy machine. */
const SOON_MS = 8_000

async function playing(port: number, path: 'main' | 'sub' = 'sub'): Promise<WatchingClient> {
  const client = await open(port)
  expect(await client.play(port, path)).toBeDefined()
  expect(await client.until(() => client.media.length > 0, SOON_MS)).toBe(true)
  return client
}

const isKeyPicture = (units: readonly Buffer[]) => units.some((unit) => (unit[0]! & 0x1f) === 5)

describe('R-RTSP the simulator is a camera', () => {
  test('asks for a login, and takes only the right password', async () => {
    const {
      ports: [port],
    } = await start()
    const wrong = await WatchingClient.open(port, { username: 'admin', password: 'no' })
    clients.push(wrong)
    expect((await wrong.ask('DESCRIBE', `rtsp://127.0.0.1:${port}/main`))?.status).toBe(401)
    const right = await open(port)
    expect((await right.ask('DESCRIBE', `rtsp://127.0.0.1:${port}/main`))?.status).toBe(200)
  })

  test('offers SHA-256 only, if so planned', async () => {
    const {
      ports: [port],
    } = await start([{ digest: 'sha256' }])
    const client = await open(port)
    expect((await client.ask('DESCRIBE', `rtsp://127.0.0.1:${port}/main`))?.status).toBe(200)
  })

  test('describes its streams, with or without parameter sets', async () => {
    const { ports } = await start([
      { sound: 'aac' },
      { cameraId: 'b', hasParameterSetsInSdp: false, sound: 'pcma' },
      { cameraId: 'c', clip: 'gate-day', mainCodec: 'h265' },
    ])
    const describe = async (port: number, path: string) => (await (await open(port)).ask('DESCRIBE', `rtsp://127.0.0.1:${port}/${path}`))!.body
    const first = await describe(ports[0], 'main')
    expect(first).toMatch(/a=rtpmap:96 H264\/90000\r\na=fmtp:96 packetization-mode=1;profile-level-id=[0-9a-f]{6};sprop-parameter-sets=Z[^,]+,a[^\r]+\r\n/)
    expect(first).toContain('config=1408')
    const second = await describe(ports[1]!, 'main')
    expect(second).not.toContain('sprop')
    expect(second).toContain('a=rtpmap:8 PCMA/8000')
    expect(await describe(ports[2]!, 'main')).toMatch(/H265\/90000\r\na=fmtp:96 sprop-vps=[^;]+;sprop-sps=[^;]+;sprop-pps=/)
    expect(await describe(ports[2]!, 'sub')).toContain('H264/90000')
  })

  test('answers what it does not have: 404, 461, 454, 501', async () => {
    const {
      ports: [port],
    } = await start([{ transports: ['udp'] }])
    const client = await open(port)
    const url = `rtsp://127.0.0.1:${port}`
    expect((await client.ask('DESCRIBE', `${url}/other`))?.status).toBe(404)
    expect((await client.ask('SETUP', `${url}/main/trackID=2`, ['Transport: RTP/AVP;unicast;client_port=5000-5001']))?.status).toBe(404)
    expect((await client.ask('SETUP', `${url}/main/trackID=1`, ['Transport: RTP/AVP/TCP;unicast;interleaved=0-1']))?.status).toBe(461)
    expect((await client.ask('PLAY', `${url}/main`))?.status).toBe(454)
    expect((await client.ask('RECORD', `${url}/main`))?.status).toBe(501)
  })

  test('sends whole pictures from a key frame on, every number following the one before, and counts them', async () => {
    const {
      simulator,
      ports: [port],
    } = await start()
    const client = await playing(port)
    expect(await client.until(() => joinPictures('h264', client.media).length >= 40, 20_000)).toBe(true)
    await client.ask('TEARDOWN', `rtsp://127.0.0.1:${port}/sub`)
    await client.until(() => simulator.stats('a').sessionsOpen === 0)
    const { media } = client
    const pictures = joinPictures('h264', media)
    expect(isKeyPicture(pictures[0]!)).toBe(true)
    expect(pictures.length).toBe(simulator.stats('a').framesSent.sub)
    expect(media.every((packet, i) => i === 0 || sequenceOf(packet) === ((sequenceOf(media[i - 1]!) + 1) & 0xffff))).toBe(true)
    const steps = new Set(media.map((packet, i) => (i === 0 ? 0 : (timestampOf(packet) - timestampOf(media[i - 1]!)) >>> 0)))
    expect(steps).toEqual(new Set([0, 3600]))
    expect(simulator.stats('a')).toMatchObject({ opensTotal: 1, playsTotal: { main: 0, sub: 1 }, framesSent: { main: 0 } })
  })

  test('says in RTP-Info what the first packet carries, and sends sender reports', async () => {
    const {
      ports: [port],
    } = await start([{ sound: 'pcma' }])
    const client = await open(port)
    const url = `rtsp://127.0.0.1:${port}/sub`
    await client.ask('DESCRIBE', url)
    await client.ask('SETUP', `${url}/trackID=1`, ['Transport: RTP/AVP/TCP;unicast;interleaved=0-1'])
    await client.ask('SETUP', `${url}/trackID=2`, ['Transport: RTP/AVP/TCP;unicast;interleaved=2-3'])
    const answer = await client.ask('PLAY', url)
    const info = [...answer!.headers.get('rtp-info')![0]!.matchAll(/seq=(\d+);rtptime=(\d+)/g)].map(([, seq, time]) => [Number(seq), Number(time)])
    expect(await client.until(() => [0, 1, 2, 3].every((channel) => client.packets.some((packet) => packet.channel === channel)), SOON_MS)).toBe(true)
    const first = [0, 2].map((channel) => client.packets.find((packet) => packet.channel === channel)!.bytes)
    expect(first.map((packet) => [sequenceOf(packet), timestampOf(packet)])).toEqual(info)
    const report = client.packets.find(({ channel }) => channel === 1)!.bytes
    expect([report[1], report.readUInt16BE(2), report[29]]).toEqual([200, 6, 202])
    // Sound and picture are of the same instant.
    expect(client.packets.findIndex(({ channel }) => channel === 0)).toBeLessThan(client.packets.findIndex(({ channel }) => channel === 2))
  })

  test('pauses, goes on, and forgets a session nobody asks for', async () => {
    const {
      simulator,
      ports: [port],
    } = await start([{}], { sessionTimeoutS: 2 })
    const client = await playing(port)
    const url = `rtsp://127.0.0.1:${port}/sub`
    expect((await client.ask('PAUSE', url))?.status).toBe(200)
    const count = client.media.length
    expect((await client.ask('GET_PARAMETER', url))?.status).toBe(200)
    expect(client.media.length).toBe(count)
    expect((await client.ask('PLAY', url))?.status).toBe(200)
    expect(await client.until(() => client.media.length > count, SOON_MS)).toBe(true)
    await client.until(() => client.isClosed, 10_000)
    expect(client.isClosed).toBe(true)
    expect(simulator.stats('a').sessionsOpen).toBe(0)
  })

  test('pads a clip to a bit rate', async () => {
    const units = (type: number, length: number) => [0, 0, 0, 1, 0x60 | type, 0x88, ...Array.from({ length }, () => 1)]
    const file = Uint8Array.from([...units(7, 10), ...units(8, 4), ...units(5, 100), ...units(1, 50), ...units(1, 50), ...units(1, 50), ...units(1, 50)])
    const {
      ports: [port],
    } = await start([{ file: { file, codec: 'h264', fps: 5, padToKbps: 400 } }])
    const client = await playing(port)
    await client.until(() => joinPictures('h264', client.media).length >= 10, SOON_MS)
    const bytes = joinPictures('h264', client.media)
      .slice(0, 5)
      .flat()
      .reduce((sum, unit) => sum + unit.length, 0)
    expect(bytes * 8).toBeGreaterThan(380_000)
    expect(bytes * 8).toBeLessThan(410_000)
  })
})

describe('R-RTSP faults on command', () => {
  test('off: lines are reset, nobody listens; on again at the same port', async () => {
    const {
      simulator,
      ports: [port],
    } = await start()
    const client = await playing(port)
    simulator.setFault(['a'], 'off')
    await client.until(() => client.isClosed)
    expect(client.isClosed).toBe(true)
    await expect(WatchingClient.open(port)).rejects.toThrow('ECONNREFUSED')
    simulator.setFault(['a'], 'none')
    await playing(port)
    expect(simulator.cameras[0]!.port).toBe(port)
  })

  test('refuse_password: 401 for ever', async () => {
    const {
      simulator,
      ports: [port],
    } = await start()
    simulator.setFault(['a'], 'refuse_password')
    const client = await open(port)
    for (let i = 0; i < 3; i++) expect((await client.ask('DESCRIBE', `rtsp://127.0.0.1:${port}/main`))?.status).toBe(401)
  })

  test.each<Fault>(['silent', 'half_open'])('%s: media stops, the line stands', async (fault) => {
    const {
      simulator,
      ports: [port],
    } = await start()
    const client = await playing(port)
    simulator.setFault(['a'], fault)
    const count = client.media.length
    const keepalive = await client.ask('GET_PARAMETER', `rtsp://127.0.0.1:${port}/sub`, [], 1500)
    expect(keepalive?.status).toBe(fault === 'silent' ? 200 : undefined)
    expect(client.media.length).toBeLessThanOrEqual(count + 2)
    expect(client.isClosed).toBe(false)
    simulator.setFault(['a'], 'none')
    if (fault === 'half_open') {
      await client.until(() => client.isClosed)
      expect(client.isClosed).toBe(true)
    } else expect(await client.until(() => client.media.length > count + 2, SOON_MS)).toBe(true)
  })

  test('silent: a new client gets its answers and no media', async () => {
    const {
      simulator,
      ports: [port],
    } = await start()
    simulator.setFault(['a'], 'silent')
    const client = await open(port)
    expect(await client.play(port, 'sub')).toBeDefined()
    expect(await client.until(() => client.packets.length > 0, 1500)).toBe(false)
  })

  test('silent_accept: takes the connection, answers nothing', async () => {
    const {
      simulator,
      ports: [port],
    } = await start()
    simulator.setFault(['a'], 'silent_accept')
    const client = await open(port)
    expect(await client.ask('OPTIONS', `rtsp://127.0.0.1:${port}/main`, [], 1000)).toBeUndefined()
    expect(client.isClosed).toBe(false)
    expect(simulator.stats('a').opensTotal).toBe(1)
  })

  test('freeze: media flows, every key frame is the same', async () => {
    const {
      simulator,
      ports: [port],
    } = await start()
    simulator.setFault(['a'], 'freeze')
    const client = await playing(port)
    await client.until(() => joinPictures('h264', client.media).length >= 130, 20_000)
    const keys = joinPictures('h264', client.media)
      .filter(isKeyPicture)
      .map((units) => units.find((unit) => (unit[0]! & 0x1f) === 5)!.toString('base64'))
    expect(keys.length).toBeGreaterThan(1)
    // The frozen clip is four seconds long; a picture comes back after that.
    expect(new Set(keys).size).toBeLessThanOrEqual(4)
    expect(new Set(keys).size).toBeLessThan(keys.length)
  })

  test.each<Fault>(['black', 'change_resolution'])('%s: other parameter sets or pictures in mid stream, numbers go on', async (fault) => {
    const {
      simulator,
      ports: [port],
    } = await start()
    const client = await playing(port, 'main')
    const spsOf = (pictures: Buffer[][]) =>
      pictures
        .flat()
        .filter((unit) => (unit[0]! & 0x1f) === 7)
        .map((unit) => unit.toString('hex'))
    const before = new Set(spsOf(joinPictures('h264', client.media)))
    simulator.setFault(['a'], fault)
    expect(await client.until(() => spsOf(joinPictures('h264', client.media)).some((sps) => !before.has(sps)), SOON_MS)).toBe(true)
    const { media } = client
    expect(media.every((packet, i) => i === 0 || sequenceOf(packet) === ((sequenceOf(media[i - 1]!) + 1) & 0xffff))).toBe(true)
    expect(media.every((packet, i) => i === 0 || [0, 3600].includes((timestampOf(packet) - timestampOf(media[i - 1]!)) >>> 0))).toBe(true)
  })

  test('drop_packets: sequence numbers are missing', async () => {
    const {
      simulator,
      ports: [port],
    } = await start()
    simulator.setFault(['a'], 'drop_packets')
    const client = await playing(port)
    const hasGap = () => client.media.some((packet, i) => i > 0 && sequenceOf(packet) !== ((sequenceOf(client.media[i - 1]!) + 1) & 0xffff))
    expect(await client.until(hasGap, 30_000)).toBe(true)
  })

  test('flap: away and back by itself', async () => {
    const {
      simulator,
      ports: [port],
    } = await start()
    const client = await playing(port)
    simulator.setFault(['a'], 'flap')
    await client.until(() => client.isClosed, 15_000)
    await expect(WatchingClient.open(port)).rejects.toThrow('ECONNREFUSED')
    await expect
      .poll(
        () =>
          WatchingClient.open(port).then(
            (again) => (clients.push(again), true),
            () => false,
          ),
        { timeout: 15_000 },
      )
      .toBe(true)
  })

  test('close_after_play and stream_limit', async () => {
    const {
      simulator,
      ports: [port],
    } = await start()
    simulator.setFault(['a'], 'close_after_play')
    const client = await open(port)
    await client.play(port, 'sub')
    await client.until(() => client.isClosed)
    expect(client.isClosed).toBe(true)
    simulator.setFault(['a'], 'stream_limit')
    const other = await open(port)
    expect((await other.ask('SETUP', `rtsp://127.0.0.1:${port}/sub/trackID=1`, ['Transport: RTP/AVP/TCP;unicast;interleaved=0-1']))?.status).toBe(453)
  })

  test('a switch takes its cameras with it and nobody else', async () => {
    const { simulator, ports } = await start([{ switchName: 'SW-07' }, { cameraId: 'b', switchName: 'SW-07' }, { cameraId: 'c', switchName: 'SW-08' }])
    expect(simulator.setSwitchFault('SW-07', true)).toEqual(['a', 'b'])
    const isOpen = (port: number) =>
      WatchingClient.open(port).then(
        (client) => (clients.push(client), true),
        () => false,
      )
    expect(await Promise.all(ports.map(isOpen))).toEqual([false, false, true])
    simulator.setSwitchFault('SW-07', false)
    await expect.poll(async () => Promise.all(ports.map(isOpen)), { timeout: 5000 }).toEqual([true, true, true])
  })
})

import { afterEach, describe, expect, test } from 'vitest'
import { createRtspDriver } from '../../server/drivers/rtsp/index.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { type CameraScript, type ScriptedCamera, SPS_720, openScriptedCamera } from '../peers/scripted-camera.ts'
import { describeDriver } from './conformance.ts'
import { type RecordedSource, record, waitFor } from './recorder.ts'

const login = { username: 'admin', password: 'Cam@12345', schemes: ['sha256', 'md5', 'basic'] as ('sha256' | 'md5' | 'basic')[] }
const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((thing) => thing.close()))
})

async function openCamera(script: CameraScript = {}): Promise<ScriptedCamera> {
  const camera = await openScriptedCamera(script)
  opened.push(camera)
  return camera
}

function play(
  camera: ScriptedCamera,
  options: Parameters<typeof record>[2] & { transport?: 'auto' | 'tcp' | 'udp'; password?: string; driver?: ReturnType<typeof createRtspDriver> } = {},
): RecordedSource {
  const { transport = 'auto', password = 'Cam@12345', driver = createRtspDriver() } = options
  const recorded = record(driver, { url: camera.url, transport, password }, options)
  opened.push(recorded.source)
  return recorded
}

const methods = (camera: ScriptedCamera) => camera.requests.map(({ method, status }) => `${method} ${status}`)

describeDriver('rtsp', createRtspDriver(), {
  async playing() {
    const camera = await openScriptedCamera({ login })
    return conformanceCamera(camera)
  },
  async withOtherPassword() {
    return conformanceCamera(await openScriptedCamera({ login: { ...login, password: 'other' } }))
  },
  async mute() {
    return conformanceCamera(await openScriptedCamera({ neverAnswers: true }))
  },
  async absent() {
    const camera = await openScriptedCamera()
    await camera.close()
    return { ...conformanceCamera(camera), close: async () => undefined }
  },
})

function conformanceCamera(camera: ScriptedCamera) {
  return {
    address: { driver: 'rtsp' as const, url: camera.url, username: 'admin', password: 'Cam@12345', transport: 'auto' as const },
    openSessions: camera.connections,
    close: camera.close,
  }
}

test('unhurried, several pictures come out of one read; over UDP each as it comes', async () => {
  const togetherOf = async (transport: 'tcp' | 'udp') => {
    const camera = await openScriptedCamera({ login })
    const arrivals: number[] = []
    const { source, until } = record(createRtspDriver(), { url: camera.url, transport }, { onUnit: () => arrivals.push(performance.now()) })
    await until(() => arrivals.length >= 5, 'the first units')
    source.setUnhurried(true)
    const from = arrivals.length + 5
    await until(() => arrivals.length >= from + 50, '50 more')
    await source.close()
    await camera.close()
    return arrivals.slice(from + 1).filter((atMs, i) => atMs - arrivals[from + i]! < 5).length
  }
  expect(await togetherOf('tcp')).toBeGreaterThan(25)
  expect(await togetherOf('udp')).toBeLessThan(25)
})

describe('R-RTSP handshake', () => {
  test('asks without Range, says TEARDOWN on close, and never writes credentials into the address', async () => {
    const camera = await openCamera({ login })
    const { source, video, until } = play(camera)
    await until(() => video.length > 0, 'a picture')
    await source.close()
    await waitFor(
      () => camera.requests.at(-1)?.method === 'TEARDOWN',
      () => 'TEARDOWN',
    )
    expect(methods(camera)).toEqual(['OPTIONS 200', 'DESCRIBE 401', 'DESCRIBE 200', 'SETUP 200', 'PLAY 200', 'TEARDOWN 200'])
    expect(camera.requests.find(({ method }) => method === 'PLAY')!.headers.has('range')).toBe(false)
    expect(camera.requests.map(({ headers }) => Number(headers.get('cseq')))).toEqual([1, 2, 3, 4, 5, 6])
    expect(camera.requests.every(({ url }) => !url.includes('@'))).toBe(true)
    expect(camera.requests.find(({ method }) => method === 'SETUP')!.headers.get('authorization')).toContain('algorithm=SHA-256')
  })

  test.each([{ schemes: ['md5', 'basic'] }, { schemes: ['basic'] }, { schemes: ['sha256'] }] as const)('logs in by $schemes', async ({ schemes }) => {
    const camera = await openCamera({ login: { ...login, schemes: [...schemes] } })
    const { video, until } = play(camera)
    await until(() => video.length > 0, 'a picture')
  })

  test('a wrong password costs exactly one refused login', async () => {
    const camera = await openCamera({ login })
    const { failures, until } = play(camera, { password: 'wrong' })
    await until(() => failures.length > 0, 'the failure')
    expect(failures).toEqual([{ cause: 'refused_login', detail: 'DESCRIBE: RTSP 401' }])
    expect(camera.requests.filter(({ headers }) => headers.has('authorization')).length).toBe(1)
  })

  test('N6 a camera that answers 401 for ever, with a new nonce each time, sees one login', async () => {
    const camera = await openCamera({ refusesLogin: true })
    const { failures, until } = play(camera)
    await until(() => failures.length > 0, 'the failure')
    expect(failures).toMatchObject([{ cause: 'refused_login' }])
    expect(camera.requests.filter(({ headers }) => headers.has('authorization')).length).toBe(1)
  })

  test('a nonce that goes stale in the handshake is renewed', async () => {
    const camera = await openCamera({ login: { ...login, schemes: ['md5'], staleAfter: 1 } })
    const { video, until } = play(camera)
    await until(() => video.length > 0, 'a picture')
    expect(methods(camera).filter((line) => line === 'SETUP 401').length).toBe(1)
  })

  test('a camera that hashes the DESCRIBE address for every method is understood', async () => {
    const camera = await openCamera({ login: { ...login, schemes: ['md5'], hashesDescribeUrl: true } })
    const { video, until } = play(camera)
    await until(() => video.length > 0, 'a picture')
  })

  test.each([
    { name: 'no Content-Base', contentBase: () => undefined, expected: '/live?channel=1/trackID=1' },
    { name: 'a base with a query', contentBase: (url: string) => `${url}&subtype=0/`, expected: '/live?channel=1&subtype=0/trackID=1' },
    { name: 'another host in the base', contentBase: () => 'rtsp://0.0.0.0:554/inside/', expected: '/inside/trackID=1' },
    { name: 'a double scheme', contentBase: () => 'rtsp://rtsp://10.0.0.1/inside/', expected: '/inside/trackID=1' },
    { name: 'an unbracketed IPv6 base', contentBase: () => 'rtsp://::ffff:192.0.2.20/inside/', expected: '/inside/trackID=1' },
    { name: 'an absolute control with another host', control: 'rtsp://10.1.1.1/abs/trackID=1', expected: '/abs/trackID=1' },
    { name: 'a control beginning with /', control: '/root/trackID=1', expected: '/root/trackID=1' },
  ])('SETUP goes to the right address with $name', async ({ expected, name: _name, ...script }) => {
    const camera = await openCamera(script)
    const { video, until } = play(camera)
    await until(() => video.length > 0, 'a picture')
    expect(camera.requests.find(({ method }) => method === 'SETUP')!.url).toBe(`rtsp://127.0.0.1:${camera.port}${expected}`)
  })

  test('tries the other ways to join when SETUP answers 404', async () => {
    const camera = await openCamera({ contentBase: () => 'rtsp://127.0.0.1/elsewhere/', setupUrl: (url) => /:\d+\/live\?channel=1\/trackID=1$/.test(url) })
    const { video, until } = play(camera)
    await until(() => video.length > 0, 'a picture')
  })

  test('follows a redirect on the same host and refuses one to another', async () => {
    const camera = await openCamera()
    const gateway = await openCamera({ redirectTo: camera.url })
    const { video, until } = play(gateway)
    await until(() => video.length > 0, 'a picture')
    const bad = await openCamera({ redirectTo: 'rtsp://10.0.0.9/live' })
    const refused = play(bad)
    await refused.until(() => refused.failures.length > 0, 'the failure')
    expect(refused.failures).toMatchObject([{ cause: 'protocol_error', detail: 'redirected to another host' }])
  })

  test.each([
    { statuses: { DESCRIBE: [404, 'Not Found'] }, cause: 'no_such_stream' },
    { statuses: { SETUP: [453, 'Not Enough Bandwidth'] }, cause: 'stream_limit' },
    { statuses: { PLAY: [503, 'Service Unavailable'] }, cause: 'stream_limit' },
    { statuses: { DESCRIBE: [500, 'Internal Server Error'] }, cause: 'protocol_error' },
    { statuses: { DESCRIBE: [403, 'Forbidden'] }, cause: 'refused_login' },
  ] as { statuses: Record<string, [number, string]>; cause: string }[])('$statuses means $cause', async ({ statuses, cause }) => {
    const camera = await openCamera({ statuses })
    const { failures, until } = play(camera)
    await until(() => failures.length > 0, 'the failure')
    expect(failures).toMatchObject([{ cause }])
  })

  test('OPTIONS may be refused', async () => {
    const camera = await openCamera({ statuses: { OPTIONS: [501, 'Not Implemented'] } })
    const { video, until } = play(camera)
    await until(() => video.length > 0, 'a picture')
  })
})

describe('R-RTSP sound', () => {
  test('is set up only when wanted, and G.711A comes with the pictures', async () => {
    const camera = await openCamera({ hasSound: true })
    const without = play(camera)
    await without.until(() => without.video.length > 0, 'a picture')
    expect(camera.requests.filter(({ method }) => method === 'SETUP').length).toBe(1)
    const withSound = play(camera, { wantsSound: true })
    await withSound.until(() => withSound.video.length > 10 && withSound.audio.length > 10, 'pictures and sound')
    expect(camera.requests.filter(({ method }) => method === 'SETUP').length).toBe(3)
    expect(without.audio).toEqual([])
    const { audio, video } = withSound
    expect(audio[0]!.config).toMatchObject({ codec: 'pcma', sampleRateHz: 8_000, channels: 1 })
    for (let index = 1; index < audio.length; index++) expect(audio[index]!.dts90k - audio[index - 1]!.dts90k).toBe(3_600)
    expect(Math.abs(audio[0]!.dts90k - video[0]!.dts90k)).toBeLessThan(90_000)
  })

  test('refused sound does not cost the picture', async () => {
    const camera = await openCamera({ hasSound: true, refusesSound: true })
    const { video, until } = play(camera, { wantsSound: true })
    await until(() => video.length > 0, 'a picture')
  })
})

describe('R-RTSP transports', () => {
  test('461 for TCP leads to UDP, with receiver reports from then on', async () => {
    const camera = await openCamera({ transports: ['udp'] })
    const clock = createFakeClock()
    const { video, until } = play(camera, { clock })
    await until(() => video.length > 20, 'pictures over UDP')
    expect(methods(camera).filter((line) => line.startsWith('SETUP'))).toEqual(['SETUP 461', 'SETUP 200'])
    // RFC 3550 §6.4.2: version 2 and the count of blocks, type 201; the block begins with the sender's SSRC, then what was lost
    const blocks = () => camera.reports.filter((report) => report[0] === 0x81 && report[1] === 201)
    for (const count of [1, 2]) {
      const seen = video.length
      await until(() => video.length > seen, 'more pictures')
      for (let second = 0; second < 5; second++) await clock.advanceAsync(1000)
      await until(() => blocks().length === count, `report ${count}`)
    }
    expect(camera.reports[0]![0]).toBe(0x80) // nothing had come when the first one was sent
    expect(blocks().map((report) => [report.readUInt32BE(8), report.readUInt32BE(12)])).toEqual([
      [7, 0],
      [7, 0],
    ])
    const [first, second] = blocks().map((report) => report.readUInt32BE(16))
    expect(second).toBeGreaterThan(first!)
  })

  test('silent UDP is given up after 5 s for TCP', async () => {
    const camera = await openCamera({ isUdpBlocked: true })
    const clock = createFakeClock()
    const { video, failures, until } = play(camera, { transport: 'udp', clock })
    await until(() => camera.requests.some(({ method }) => method === 'PLAY'), 'PLAY over UDP')
    await waitFor(
      () => clock.pendingTimers() > 0,
      () => 'the watch',
    )
    await clock.advanceAsync(6000)
    await until(() => video.length > 0, 'a picture over TCP')
    expect(failures).toEqual([])
  })
})

describe('R-RTSP quirks of the stream', () => {
  test.each([
    { name: 'no sprop-parameter-sets', script: { hasSprop: false } },
    { name: 'parameter sets only in the SDP', script: { hasInBandSets: false } },
    { name: 'no marker at all', script: { marker: 'never' } },
    { name: 'the marker on SPS and PPS too', script: { marker: 'also_sets' } },
    { name: 'several slices', script: { slices: 4 } },
    { name: 'several slices without marker', script: { slices: 4, marker: 'never' } },
    { name: 'start codes inside a packet', script: { hasStartCodesInside: true } },
    { name: 'start codes inside a packet cut into FU-A', script: { hasStartCodesInside: true, fragmentBytes: 40 } },
    { name: 'FU-A', script: { fragmentBytes: 50 } },
    { name: 'a timestamp that wraps', script: { firstTimestamp: 2 ** 32 - 90_000 } },
    { name: 'TCP segments of one byte', script: { segmentBytes: 1, gop: 5 } },
    { name: 'TCP segments of 7 bytes', script: { segmentBytes: 7 } },
    { name: 'an unanswered question of the camera', script: { asksAfter: 3 } },
  ] as { name: string; script: CameraScript }[])('$name', async ({ script }) => {
    const camera = await openCamera(script)
    const { source, video, until } = play(camera)
    await until(() => video.length >= 40, '40 pictures')
    expect(source.stats()).toMatchObject({ packetsLost: 0, unitsDropped: 0, protocolErrors: 0 })
    const slices = script.slices ?? 1
    for (const [index, unit] of video.entries()) {
      expect(unit.nalTypes).toEqual(Array(slices).fill(unit.isKey ? 5 : 1))
      expect(unit.isKey).toBe(index % (script.gop ?? 10) === 0)
      if (index > 4) expect(unit.dts90k - video[index - 1]!.dts90k).toBe(3600)
    }
    expect(video[0]!.config).toMatchObject({ codec: 'h264', widthPx: 1920, heightPx: 1080, codecString: 'avc1.640028' })
    if (script.asksAfter !== undefined)
      await waitFor(
        () => camera.answers.length > 0,
        () => 'our answer',
      )
  })

  test('the marker on every slice: recognised, then whole pictures from the next key frame on', async () => {
    const camera = await openCamera({ marker: 'every_slice', slices: 3 })
    const { video, until } = play(camera)
    await until(() => video.length >= 30, 'pictures')
    const firstWhole = video.findIndex(({ nalTypes }) => nalTypes.length === 3)
    expect(firstWhole).toBeLessThanOrEqual(1)
    expect(video[firstWhole]!.isKey).toBe(true)
    expect(video.slice(firstWhole).every(({ nalTypes }) => nalTypes.length === 3)).toBe(true)
  })

  test.each([
    { name: 'a new SSRC', frame: (index: number) => (index < 15 ? {} : { ssrc: 8, timestamp: 5 + index * 3600 }) },
    {
      name: 'a step back of an hour',
      frame: (index: number) => (index < 15 ? { timestamp: 900_000_000 + index * 3600 } : { timestamp: 500_000_000 + index * 3600 }),
    },
    { name: 'a step forward of an hour', frame: (index: number) => (index < 15 ? {} : { timestamp: 324_000_000 + index * 3600 }) },
    { name: 'one timestamp for ever', frame: () => ({ timestamp: 77 }) },
    { name: 'N6 timestamps that run a thousand times too fast', frame: (index: number) => ({ timestamp: index * 3_600_000 }) },
    { name: 'N6 timestamps that run backwards', frame: (index: number) => ({ timestamp: 2 ** 31 - index * 3600 }) },
  ])('output times rise and stay near real time through $name', async ({ frame }) => {
    const camera = await openCamera({ frame })
    const { video, until } = play(camera)
    await until(() => video.length >= 60, '60 pictures')
    for (let index = 1; index < video.length; index++) expect(video[index]!.dts90k).toBeGreaterThan(video[index - 1]!.dts90k)
    // 60 pictures of 40 ms are sent within a second or so: anything like the jump itself would be minutes.
    expect(video.at(-1)!.dts90k - video[0]!.dts90k).toBeLessThan(20 * 90_000)
  })

  test('a changed SPS gives a new config, with the key frame it belongs to', async () => {
    const camera = await openCamera({ frame: (index) => (index < 20 ? {} : { sps: SPS_720 }) })
    const { video, until } = play(camera)
    await until(() => video.length >= 40, '40 pictures')
    const changed = video.findIndex(({ config }) => config.widthPx === 1280)
    expect(video[changed]).toMatchObject({ isKey: true, config: { heightPx: 720, codecString: 'avc1.64001f' } })
    expect(new Set(video.map(({ config }) => config)).size).toBe(2)
  })

  test('after a lost packet pictures are dropped to the next key frame, and counted', async () => {
    const camera = await openCamera({ fragmentBytes: 60, frame: (index) => ({ isLost: index === 13 }) })
    const { source, video, until } = play(camera)
    await until(() => video.length >= 30, '30 pictures')
    // 0 to 12, then from key frame 20 on.
    expect(video.slice(12, 15).map(({ isKey }) => isKey)).toEqual([false, true, false])
    expect(source.stats()).toMatchObject({ packetsLost: 1, unitsDropped: 7 })
  })

  test('rubbish between frames is skipped and counted', async () => {
    const camera = await openCamera({ rubbishAfter: 5 })
    const { source, video, until } = play(camera)
    await until(() => video.length >= 30, '30 pictures')
    expect(source.stats().protocolErrors).toBeGreaterThan(0)
  })
})

describe('N5, N6: the session ends when it should', () => {
  test('N5 a half-open session is destroyed within 15 s of its last packet', async () => {
    const camera = await openCamera({ silentAfter: 12 })
    const clock = createFakeClock()
    const { failures, video, until } = play(camera, { clock })
    await until(() => video.length >= 10, 'the pictures before the silence')
    let seconds = 0
    for (; seconds < 20 && camera.connections() > 0; seconds++) await clock.advanceAsync(1000)
    expect(seconds).toBeLessThanOrEqual(15)
    await until(() => failures.length > 0, 'the failure')
    expect(failures).toMatchObject([{ cause: 'silent' }])
    expect(clock.pendingTimers()).toBe(0)
  })

  test('N6 closes after PLAY', async () => {
    const camera = await openCamera({ closesAfterPlay: true })
    const { failures, until } = play(camera)
    await until(() => failures.length > 0, 'the failure')
    expect(failures).toMatchObject([{ cause: 'unreachable' }])
  })

  test('N6 one byte a second: the request times out, the connection is freed', async () => {
    const camera = await openCamera({ paceMs: 1000 })
    const clock = createFakeClock()
    const { failures, until } = play(camera, { clock })
    await until(() => camera.requests.length > 0, 'OPTIONS')
    for (let second = 0; second < 15 && failures.length === 0; second++) await clock.advanceAsync(1000)
    expect(failures).toMatchObject([{ cause: 'silent' }])
    await until(() => camera.connections() === 0, 'no connection')
  })
})

describe('R-RTSP keepalive', () => {
  const keepalives = (camera: ScriptedCamera, after = 'PLAY') => methods(camera).slice(methods(camera).lastIndexOf(`${after} 200`) + 1)

  async function playFor(camera: ScriptedCamera, seconds: number, driver = createRtspDriver()) {
    const clock = createFakeClock()
    const recorded = play(camera, { clock, driver })
    await recorded.until(() => recorded.video.length > 0, 'a picture')
    for (let second = 0; second < seconds && recorded.failures.length === 0; second++) {
      const count = recorded.video.length
      await recorded.until(() => recorded.video.length > count || recorded.failures.length > 0, 'media to go on')
      await clock.advanceAsync(1000)
    }
    return recorded
  }

  test.each([
    { name: 'GET_PARAMETER when the camera offers it', script: { sessionTimeoutS: 20 }, expected: ['GET_PARAMETER 200', 'GET_PARAMETER 200'] },
    { name: 'OPTIONS when it does not', script: { sessionTimeoutS: 20, getParameter: 'absent' }, expected: ['OPTIONS 200', 'OPTIONS 200'] },
    { name: 'OPTIONS after 501', script: { sessionTimeoutS: 20, getParameter: 'unknown' }, expected: ['GET_PARAMETER 501', 'OPTIONS 200'] },
  ] as { name: string; script: CameraScript; expected: string[] }[])('$name, every half of the time-out', async ({ script, expected }) => {
    const camera = await openCamera(script)
    const { failures } = await playFor(camera, 22)
    await waitFor(
      () => keepalives(camera).length >= 2,
      () => 'two keepalives',
    )
    expect(keepalives(camera)).toEqual(expected)
    expect(failures).toEqual([])
  })

  test('a nonce that expires in mid-stream is renewed without losing the stream', async () => {
    const camera = await openCamera({ sessionTimeoutS: 20, login: { ...login, schemes: ['md5'], staleAfter: 3 } })
    const { failures } = await playFor(camera, 22)
    await waitFor(
      () => keepalives(camera).filter((line) => line.endsWith('200')).length >= 2,
      () => 'two keepalives',
    )
    expect(methods(camera)).toContain('GET_PARAMETER 401')
    expect(failures).toEqual([])
  })

  test('a camera that hangs up on GET_PARAMETER is asked by OPTIONS the next time', async () => {
    const camera = await openCamera({ sessionTimeoutS: 20, getParameter: 'hangs_up' })
    const driver = createRtspDriver()
    const first = await playFor(camera, 22, driver)
    expect(first.failures).toMatchObject([{ cause: 'unreachable' }])
    const second = await playFor(camera, 22, driver)
    expect(second.failures).toEqual([])
    expect(keepalives(camera)).toContain('OPTIONS 200')
  })
})

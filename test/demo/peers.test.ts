import { execFile, execFileSync, fork, type ChildProcess } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSimulator, type SimulatedCamera, type Simulator } from '../../server/demo/simulator.ts'
import { WatchingClient } from './rtsp-client.ts'

const run = promisify(execFile)
const hasFfmpeg = existsSync('/usr/bin/ffmpeg')
const hasGstreamer = existsSync('/usr/bin/gst-launch-1.0')
if (!hasFfmpeg) console.warn('SKIPPED: ffmpeg is missing, nobody judges the simulator with it (apt-get install ffmpeg)')
if (!hasGstreamer)
  console.warn(
    'SKIPPED: GStreamer is missing, nobody judges the simulator with it (apt-get install gstreamer1.0-tools gstreamer1.0-plugins-good gstreamer1.0-plugins-bad)',
  )

const plain = {
  clip: 'gate-day',
  mainCodec: 'h264',
  sound: 'none',
  username: 'admin',
  password: 'p@ss:1/é',
  hasParameterSetsInSdp: true,
  switchName: null,
} as const satisfies Omit<SimulatedCamera, 'cameraId'>
const cameras = [
  { ...plain, cameraId: 'h264' },
  { ...plain, cameraId: 'h265', mainCodec: 'h265' },
  { ...plain, cameraId: 'h265-1440', clip: 'crossing-dusk', mainCodec: 'h265' },
  { ...plain, cameraId: 'aac', sound: 'aac' },
  { ...plain, cameraId: 'pcma', sound: 'pcma', hasParameterSetsInSdp: false },
  { ...plain, cameraId: 'bframes', clip: 'road-day' },
] satisfies SimulatedCamera[]

let simulator: Simulator
let folder: string
beforeAll(async () => {
  simulator = await createSimulator({ cameras })
  folder = await mkdtemp(join(tmpdir(), 'mapwall-demo-'))
})
afterAll(async () => {
  await simulator?.close()
  await rm(folder, { recursive: true, force: true })
})

function addressOf(cameraId: string, path = 'main') {
  const { port, username, password } = simulator.cameras.find((camera) => camera.cameraId === cameraId)!
  return {
    plainUrl: `rtsp://127.0.0.1:${port}/${path}`,
    url: `rtsp://${username}:${encodeURIComponent(password)}@127.0.0.1:${port}/${path}`,
    username,
    password,
  }
}

/** What ffprobe counts in a file, and every complaint it has. */
async function count(file: string): Promise<{ frames: number; codec: string; widthPx: number; complaints: string }> {
  const { stdout, stderr } = await run('ffprobe', [
    '-v',
    'error',
    '-select_streams',
    'v',
    '-count_frames',
    '-show_entries',
    'stream=nb_read_frames,codec_name,width',
    '-of',
    'json',
    file,
  ])
  const [stream] = (JSON.parse(stdout) as { streams: { nb_read_frames: string; codec_name: string; width: number }[] }).streams
  return { frames: Number(stream!.nb_read_frames), codec: stream!.codec_name, widthPx: stream!.width, complaints: stderr.trim() }
}

describe.skipIf(!hasFfmpeg)('R-RTSP ffmpeg plays the simulator', () => {
  test.each([
    { cameraId: 'h264', path: 'main', transport: 'tcp', codec: 'h264' },
    { cameraId: 'h264', path: 'sub', transport: 'udp', codec: 'h264' },
    { cameraId: 'h265', path: 'main', transport: 'tcp', codec: 'hevc' },
    { cameraId: 'h265', path: 'main', transport: 'udp', codec: 'hevc' },
    { cameraId: 'h265-1440', path: 'main', transport: 'tcp', codec: 'hevc', widthPx: 2560 },
    { cameraId: 'pcma', path: 'sub', transport: 'tcp', codec: 'h264' },
  ])(
    '$cameraId $path over $transport, with digest, without a complaint',
    async ({ cameraId, path, transport, codec, widthPx = path === 'main' ? 1280 : 640 }) => {
      const file = join(folder, `${cameraId}-${path}-${transport}.mkv`)
      const { stderr } = await run(
        'ffmpeg',
        ['-y', '-loglevel', 'error', '-rtsp_transport', transport, '-i', addressOf(cameraId, path).url, '-map', '0:v', '-c', 'copy', '-frames:v', '50', file],
        { timeout: 40_000 },
      )
      expect(
        stderr.split('\n').filter((line) => line !== '' && !/Timestamps are unset|non monotonically|pts has no value|unknown timestamp/i.test(line)),
      ).toEqual([])
      const counted = await count(file)
      expect(counted).toMatchObject({ frames: 50, codec, widthPx, complaints: '' })
    },
  )

  // ffmpeg cannot copy B-frames from RTSP into a file (no decoding times), but it decodes them.
  test.each([
    { cameraId: 'h264', path: 'sub', file: 'gate-day-sub.h264' },
    { cameraId: 'bframes', path: 'main', file: 'road-day-main.h264' },
  ])('every picture of $file arrives as it is', async ({ cameraId, path, file }) => {
    const hashes = async (args: string[]) => {
      const { stdout } = await run('ffmpeg', ['-loglevel', 'error', ...args, '-map', '0:v', '-f', 'framemd5', '-'], { timeout: 60_000 })
      return stdout
        .split('\n')
        .filter((line) => /^\d/.test(line))
        .map((line) => line.split(',').at(-1)!.trim())
    }
    const clip = await hashes(['-i', join('server/demo/clips', file)])
    const played = await hashes([
      '-rtsp_transport',
      'tcp',
      '-i',
      addressOf(cameraId, path).url,
      '-fps_mode',
      'passthrough',
      '-frames:v',
      String(clip.length + 20),
    ])
    const at = clip.indexOf(played[0]!)
    expect(at).toBeGreaterThanOrEqual(0)
    expect(played).toEqual(played.map((_, i) => clip[(at + i) % clip.length]))
  })

  test.each([
    { cameraId: 'aac', codec: 'aac', rate: 16_000 },
    { cameraId: 'pcma', codec: 'pcm_alaw', rate: 8000 },
  ])('$cameraId sound decodes', async ({ cameraId, codec, rate }) => {
    const file = join(folder, `${cameraId}.mka`)
    await run(
      'ffmpeg',
      ['-y', '-loglevel', 'error', '-rtsp_transport', 'tcp', '-i', addressOf(cameraId, 'sub').url, '-map', '0:a', '-c', 'copy', '-t', '3', file],
      { timeout: 40_000 },
    )
    const { stdout, stderr } = await run('ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_name,sample_rate', '-of', 'csv=p=0', file])
    expect([stdout.trim(), stderr.trim()]).toEqual([`${codec},${rate}`, ''])
    const decode = await run('ffmpeg', ['-v', 'error', '-i', file, '-f', 'null', '-'])
    expect(decode.stderr.trim()).toBe('')
  })
})

describe.skipIf(!hasGstreamer || !hasFfmpeg)('R-RTSP GStreamer plays the simulator', () => {
  test.each([
    { cameraId: 'h264', transport: 'tcp', depay: 'rtph264depay ! h264parse ! video/x-h264,stream-format=byte-stream,alignment=au', codec: 'h264' },
    { cameraId: 'h264', transport: 'udp', depay: 'rtph264depay ! h264parse ! video/x-h264,stream-format=byte-stream,alignment=au', codec: 'h264' },
    { cameraId: 'h265', transport: 'tcp', depay: 'rtph265depay ! h265parse ! video/x-h265,stream-format=byte-stream,alignment=au', codec: 'hevc' },
    { cameraId: 'h265', transport: 'udp', depay: 'rtph265depay ! h265parse ! video/x-h265,stream-format=byte-stream,alignment=au', codec: 'hevc' },
  ])('$cameraId over $transport, with digest, without a complaint', async ({ cameraId, transport, depay, codec }) => {
    const { plainUrl, username, password } = addressOf(cameraId)
    const file = join(folder, `gst-${cameraId}-${transport}.bin`)
    const pipeline = `rtspsrc location=${plainUrl} protocols=${transport} user-id=${username} user-pw=${password} latency=100 ! ${depay} ! identity eos-after=60 ! filesink location=${file}`
    await run('gst-launch-1.0', ['-q', ...pipeline.split(' ')], { timeout: 50_000 })
    const counted = await count(file)
    expect(counted).toMatchObject({ codec, complaints: '' })
    // `eos-after` counts the buffer that ends it.
    expect(counted.frames).toBeGreaterThanOrEqual(59)
  })
})

describe('R-RTSP 468 made-up cameras are cheap', () => {
  const ticksPerS = Number(execFileSync('getconf', ['CLK_TCK']).toString())
  function cpuSeconds(pid: number): number {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')
    return (Number(fields[11]) + Number(fields[12])) / ticksPerS
  }

  type Ready = { type: 'ready'; controlPort: number; cameras: { cameraId: string; mainUrl: string; subUrl: string; username: string; password: string }[] }
  let demo: ChildProcess | undefined
  afterAll(() => void demo?.kill('SIGKILL'))

  test('start as a process, break on command, play 100 streams, stop on SIGTERM', async () => {
    const startedAt = performance.now()
    demo = fork('server/demo/main.ts', {
      execArgv: ['--import', 'tsx'],
      env: { ...process.env, DEMO_SCRIPT: '0' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    const ready = await new Promise<Ready>((resolve) => demo!.once('message', (message) => resolve(message as Ready)))
    const startMs = Math.round(performance.now() - startedAt)
    expect(ready.cameras).toHaveLength(468)
    expect(new Set(ready.cameras.map(({ mainUrl }) => mainUrl)).size).toBe(468)

    const control = (method: string, path: string, body?: unknown) =>
      fetch(`http://127.0.0.1:${ready.controlPort}${path}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      })
    const { cameraId } = ready.cameras[7]!
    expect((await control('POST', '/faults', { cameraIds: [cameraId], fault: 'off' })).status).toBe(200)
    expect(await (await control('GET', '/faults')).json()).toEqual({ faults: { [cameraId]: 'off' } })
    expect((await control('POST', '/faults', { cameraIds: [cameraId], fault: 'none' })).status).toBe(200)
    expect((await control('POST', '/faults', { cameraIds: ['nobody'], fault: 'off' })).status).toBe(404)
    expect((await control('POST', '/faults', { cameraIds: [cameraId], fault: 'on fire' })).status).toBe(400)
    expect((await fetch(`http://127.0.0.1:${ready.controlPort}/faults`, { method: 'POST', body: '{}' })).status).toBe(415)

    const portOf = (url: string) => Number(new URL(url).port)
    const clients: WatchingClient[] = []
    let playing = 0
    for (const { mainUrl, username, password } of ready.cameras) {
      if (playing === 100) break
      const client = await WatchingClient.open(portOf(mainUrl), { username, password })
      clients.push(client)
      // Cameras that only speak UDP answer 461.
      if (await client.play(portOf(mainUrl), 'main')) playing++
    }
    expect(playing).toBe(100)
    // Some clips have four seconds from key frame to key frame.
    await expect.poll(() => clients.filter((client) => client.media.length > 0).length, { timeout: 20_000 }).toBe(100)
    const before = {
      cpuS: cpuSeconds(demo.pid!),
      at: performance.now(),
      bytes: clients.reduce((sum, client) => sum + client.media.reduce((s, packet) => s + packet.length, 0), 0),
    }
    await expect.poll(() => performance.now() - before.at > 6_000, { timeout: 10_000, interval: 200 }).toBe(true)
    const tookS = (performance.now() - before.at) / 1000
    const core = (cpuSeconds(demo.pid!) - before.cpuS) / tookS
    const mbps = ((clients.reduce((sum, client) => sum + client.media.reduce((s, packet) => s + packet.length, 0), 0) - before.bytes) * 8) / tookS / 1e6
    console.log(`simulator: 468 cameras ready in ${startMs} ms; 100 main streams (${mbps.toFixed(0)} Mbit/s) cost ${core.toFixed(3)} core`)
    expect(core).toBeLessThan(0.4)
    expect(await (await control('GET', '/stats')).json()).toMatchObject({ sessionsOpen: 100 })
    for (const client of clients) client.close()

    const ended = new Promise((resolve) => demo!.once('exit', resolve))
    demo.kill('SIGTERM')
    expect(await ended).toBe(0)
  }, 120_000)
})

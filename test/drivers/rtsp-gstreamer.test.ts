/** The driver against GStreamer's RTSP server, and ffprobe as judge of what we mux. Loud skip when either is missing. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../server/base/clock.ts'
import { createRtspDriver } from '../../server/drivers/rtsp/index.ts'
import type { SourceFailure } from '../../server/drivers/driver.ts'
import type { AudioConfig, VideoConfig } from '../../server/protocols/codec/access-unit.ts'
import { flvAudioConfigTag, flvAudioTag, flvHeader, flvVideoConfigTag, flvVideoTag } from '../../server/protocols/flv/muxer.ts'
import { muxStill } from '../../server/protocols/mp4/still.ts'
import { findGstreamerProblem, openGstreamerServer } from '../peers/gstreamer/server.ts'

const isFfmpegMissing = spawnSync('ffmpeg', ['-version']).status !== 0
if (isFfmpegMissing) console.warn('SKIPPED: ffmpeg is missing (apt-get install ffmpeg)')
const isSkipped = isFfmpegMissing || findGstreamerProblem() !== undefined

const CLIPS = {
  h264: {
    frames: 75,
    args: [
      '-f',
      'lavfi',
      '-i',
      'testsrc2=s=320x180:r=25:d=3',
      '-f',
      'lavfi',
      '-i',
      'sine=d=3:r=16000',
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      '-profile:v',
      'main',
      '-bf',
      '2',
      '-x264-params',
      'keyint=25:bframes=2:slices=2',
      '-c:a',
      'aac',
      '-ac',
      '1',
    ],
  },
  h265: {
    frames: 50,
    args: [
      '-f',
      'lavfi',
      '-i',
      'testsrc2=s=320x180:r=25:d=2',
      '-c:v',
      'libx265',
      '-preset',
      'ultrafast',
      '-x265-params',
      'keyint=25:log-level=none',
      '-tag:v',
      'hvc1',
    ],
  },
} as const

describe.skipIf(isSkipped)('R-RTSP against a real server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mapwall-rtsp-'))
  beforeAll(() => {
    for (const [codec, { args }] of Object.entries(CLIPS)) execFileSync('ffmpeg', ['-v', 'error', '-y', '-threads', '1', ...args, join(folder, `${codec}.mp4`)])
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  function pipeline(codec: 'h264' | 'h265'): string {
    const sound = codec === 'h264' ? 'd.audio_0 ! queue ! aacparse ! rtpmp4gpay name=pay1 pt=97' : ''
    return `( filesrc location=${join(folder, codec)}.mp4 ! qtdemux name=d d.video_0 ! queue ! ${codec}parse ! rtp${codec}pay name=pay0 pt=96 config-interval=-1 mtu=1400 ${sound} )`
  }

  /** Pulls to the end of the clip and muxes what comes. */
  async function pull(port: number, password: string) {
    const parts: Uint8Array[] = [flvHeader({ hasVideo: true, hasAudio: true })]
    let video: VideoConfig | undefined
    let audio: AudioConfig | undefined
    let still: Uint8Array | undefined
    let pictures = 0
    let sounds = 0
    const address = { driver: 'rtsp' as const, url: `rtsp://127.0.0.1:${port}/main`, username: 'admin', password, transport: 'auto' as const }
    const failure = await new Promise<SourceFailure>((resolve) => {
      createRtspDriver().open(
        address,
        {
          onUnit(unit) {
            const ms = unit.dts90k / 90
            if (unit.kind === 'video') {
              pictures += 1
              if (unit.config !== video) parts.push(flvVideoConfigTag(unit.config, ms))
              if (!video) still = muxStill(unit.config, unit.data)
              video = unit.config
              parts.push(flvVideoTag(unit, ms))
            } else {
              sounds += 1
              if (unit.config !== audio) parts.push(flvAudioConfigTag(unit.config, ms)!)
              audio = unit.config
              parts.push(flvAudioTag(unit, ms))
            }
          },
          onFailed: resolve,
        },
        { clock: systemClock, wantsSound: true },
      )
    })
    return { flv: Buffer.concat(parts), still, video, pictures, sounds, failure }
  }

  /** Decodes every frame; answers the counts and what ffprobe complained of. */
  function probe(name: string, bytes: Uint8Array) {
    const file = join(folder, name)
    writeFileSync(file, bytes)
    const { stdout, stderr } = spawnSync(
      'ffprobe',
      ['-v', 'warning', '-count_frames', '-show_entries', 'stream=codec_name,width,height,nb_read_frames', '-of', 'json', file],
      { encoding: 'utf8' },
    )
    const { streams } = JSON.parse(stdout) as { streams: { codec_name: string; width?: number; nb_read_frames: string }[] }
    return { frames: Object.fromEntries(streams.map((stream) => [stream.codec_name, Number(stream.nb_read_frames)])), complaints: stderr.trim() }
  }

  test.each([
    { protocol: 'tcp', codec: 'h264' },
    { protocol: 'udp', codec: 'h264' },
    { protocol: 'tcp', codec: 'h265' },
    { protocol: 'udp', codec: 'h265' },
  ] as const)('$codec over $protocol with digest: every frame of the source arrives and decodes', async ({ protocol, codec }) => {
    const server = await openGstreamerServer({ protocol, username: 'admin', password: 'Cam@12345', mounts: { '/main': pipeline(codec) } })
    try {
      const pulled = await pull(server.port, 'Cam@12345')
      expect(pulled.failure).toEqual({ cause: 'silent', detail: 'RTCP BYE' })
      expect(pulled.pictures).toBe(CLIPS[codec].frames)
      expect(pulled.video).toMatchObject({ codec, widthPx: 320, heightPx: 180 })
      const still = probe(`${codec}-${protocol}-still.mp4`, pulled.still!)
      expect(still).toEqual({ frames: { [codec === 'h264' ? 'h264' : 'hevc']: 1 }, complaints: '' })
      // ffprobe 5.1 cannot read HEVC in FLV; mpegts.js is its judge, in the browser tests.
      if (codec === 'h264') {
        const { frames, complaints } = probe(`${codec}-${protocol}.flv`, pulled.flv)
        expect(frames).toEqual({ h264: CLIPS.h264.frames, aac: pulled.sounds })
        expect(pulled.sounds).toBeGreaterThan(40)
        expect(complaints).toBe('')
      }
    } finally {
      await server.close()
    }
  })

  test('a wrong password is refused_login, an unknown path no_such_stream', async () => {
    const guarded = await openGstreamerServer({ protocol: 'tcp', username: 'admin', password: 'Cam@12345', mounts: { '/main': pipeline('h264') } })
    const empty = await openGstreamerServer({ protocol: 'tcp', mounts: {} })
    try {
      expect((await pull(guarded.port, 'wrong')).failure).toMatchObject({ cause: 'refused_login' })
      expect((await pull(empty.port, '')).failure).toMatchObject({ cause: 'no_such_stream' })
    } finally {
      await guarded.close()
      await empty.close()
    }
  })
})

/** What lies beside the pictures: the manifest, the sums, and how to check them without us. Names and reasons are data here, never markup. */
import { createHash } from 'node:crypto'
import type { StoredClip, StoredExport } from './store.ts'

const MANIFEST_VERSION = 1

export type PaperText = { fileName: string; content: string }

export const sha256Of = (content: string): string => createHash('sha256').update(content, 'utf8').digest('hex')

/** `readyAt` is when the last file was whole; `version` that of the platform. */
export function papersOf(exported: StoredExport, { readyAt, version }: { readyAt: number; version: string }): PaperText[] {
  const manifest = { fileName: 'manifest.json', content: `${JSON.stringify(manifestOf(exported, readyAt, version), null, 2)}\n` }
  const hashed = [...exported.clips.flatMap(({ files }) => files), { fileName: manifest.fileName, sha256: sha256Of(manifest.content) }]
  const sums = { fileName: 'SHA256SUMS', content: hashed.map(({ sha256, fileName }) => `${sha256}  ${fileName}\n`).join('') }
  return [manifest, sums, { fileName: '说明.txt', content: instructionsOf(exported) }]
}

function manifestOf(exported: StoredExport, readyAt: number, version: string) {
  const { exportId, account, requestedAt, fromAt, toAt, purpose, documentNumber, reason, isWatermarked, isH264, decidedBy, decidedAt, decisionNote } = exported
  return {
    manifestVersion: MANIFEST_VERSION,
    platformVersion: version,
    exportId,
    requestedBy: account,
    requestedAt: momentOf(requestedAt),
    approvedBy: decidedBy,
    approvedAt: decidedAt === null ? null : momentOf(decidedAt),
    approvalNote: decisionNote,
    purpose,
    documentNumber,
    reason,
    isWatermarked,
    isH264,
    range: rangeOf({ fromAt, toAt }),
    readyAt: momentOf(readyAt),
    cameras: exported.clips.map(({ cameraId, cameraName, files, gaps, failure }) => ({
      cameraId,
      cameraName,
      /** How far the times here are ahead of the true ones, by the clock of the machine that recorded; null: not known. */
      clockOffsetMs: clockOffsetOf(files),
      failure,
      files: files.map(({ fileName, bytes, sha256, codec, widthPx, heightPx, sound, frames, stretches, clockOffsetMs, ...range }) => ({
        fileName,
        bytes,
        sha256,
        codec,
        widthPx,
        heightPx,
        sound,
        frames,
        clockOffsetMs: clockOffsetMs ?? null,
        range: rangeOf(range),
        stretches: stretches.map(({ fileMs, ...stretch }) => ({ fileMs, ...rangeOf(stretch) })),
      })),
      gaps: gaps.map(({ reason: why, cause, ...gap }) => ({ ...rangeOf(gap), reason: why, cause })),
    })),
  }
}

/** Epoch milliseconds for programs, and the same as a person reads it. */
const momentOf = (at: number) => ({ at, utc: new Date(at).toISOString() })
const rangeOf = ({ fromAt, toAt }: { fromAt: number; toAt: number }) => ({ from: momentOf(fromAt), to: momentOf(toAt) })

/** The one furthest from 0; files written by a platform that did not note it say nothing. */
function clockOffsetOf(files: StoredClip['files']): number | null {
  const noted = files.flatMap(({ clockOffsetMs }) => clockOffsetMs ?? [])
  return noted.length === 0 ? null : noted.reduce((most, offsetMs) => (Math.abs(offsetMs) > Math.abs(most) ? offsetMs : most))
}

type Words = { days: string; hours: string; minutes: string; seconds: string; ahead: string; behind: string }
const zhWords: Words = { days: ' 天', hours: ' 小时', minutes: ' 分', seconds: ' 秒', ahead: '快', behind: '慢' }
const enWords: Words = { days: ' d', hours: ' h', minutes: ' min', seconds: ' s', ahead: 'ahead of', behind: 'behind' }

/** `1 小时 2 分`: every part that is not 0. */
function lengthOf(ms: number, words: Words): string {
  const seconds = Math.round(ms / 1000)
  const parts = [
    [Math.floor(seconds / 86_400), words.days],
    [Math.floor(seconds / 3600) % 24, words.hours],
    [Math.floor(seconds / 60) % 60, words.minutes],
    [seconds % 60, words.seconds],
  ] as const
  const said = parts.filter(([count]) => count > 0).map(([count, unit]) => `${count}${unit}`)
  return said.length === 0 ? `0${words.seconds}` : said.join(' ')
}

/** Only where a clock was set back while it recorded: which times are not the true ones, and by how much. */
function clockLines({ clips }: StoredExport): { zh: string[]; en: string[] } {
  const off = clips.flatMap(({ cameraId, cameraName, files }) => {
    const offsetMs = clockOffsetOf(files)
    return offsetMs === null || offsetMs === 0 ? [] : [{ camera: `${cameraName}（${cameraId}）`, offsetMs }]
  })
  if (off.length === 0) return { zh: [], en: [] }
  const say = (words: Words, line: (camera: string, length: string, direction: string) => string) =>
    off.map(({ camera, offsetMs }) => line(camera, lengthOf(Math.abs(offsetMs), words), offsetMs > 0 ? words.ahead : words.behind))
  return {
    zh: [
      '三、时间须更正',
      '录像期间服务器时钟被改过。清单、文件名和播放器中所示时间按录像当时的时间写，与实际时间的差（最大值）如下：',
      ...say(zhWords, (camera, length, direction) => `    ${camera}：所示时间比实际${direction} ${length}`),
      '  manifest.json 中 clockOffsetMs（毫秒）为各摄像机、各文件的差，正数为快。画面上摄像机自己叠加的时间不受影响。',
      '',
    ],
    en: [
      '3. Times to correct',
      'The clock of the server was set while this was recorded. Times in the manifest and in file names are those of the recording; at most they are off by:',
      ...say(enWords, (camera, length, direction) => `    ${camera}: times shown are ${length} ${direction} the true time`),
      '  "clockOffsetMs" in manifest.json has it for each camera and file, in milliseconds, above 0 for ahead. The time a camera draws into its picture is its own.',
      '',
    ],
  }
}

/** A byte order mark and CR LF: old editors on Windows show the Chinese only with them. */
function instructionsOf(exported: StoredExport): string {
  const clock = clockLines(exported)
  return `\uFEFF${[
    '一、文件说明',
    '*.mp4          录像片段，文件名为“摄像机编号_本地开始时间”，任何播放器均可播放',
    'manifest.json  清单：导出编号、申请人、用途、文号、事由、摄像机、每个文件的真实起止时间、帧数、SHA-256、缺失时段及原因',
    '               stretches 说明文件时间（fileMs，毫秒）与真实时间的对应；缺失超过 1 秒的时段不占文件时间',
    '               isWatermarked（加水印）或 isH264（H.265 转为 H.264）为 true 的文件经重新编码，其余按原录像逐字节写入',
    'SHA256SUMS     所有文件的 SHA-256 校验值',
    '',
    '二、离线校验（不需要联网，也不需要本平台）',
    'Windows：在本文件夹打开命令提示符，逐个执行',
    '    certutil -hashfile 文件名.mp4 SHA256',
    '  与 SHA256SUMS 中同名一行比对，完全一致即未被改动。',
    'Linux：在本文件夹执行',
    '    sha256sum -c SHA256SUMS',
    '',
    ...clock.zh,
    '-----------------------------------------------------------------',
    '1. Files',
    '*.mp4          recordings, named "camera id_local start time"; any player plays them',
    'manifest.json  export id, requester, purpose, document number, reason, cameras, and of each file its true bounds, frames, SHA-256; gaps with reasons',
    '               "stretches" say which file time (fileMs, milliseconds) is which moment; gaps of more than 1 second take no file time',
    '               with "isWatermarked", or "isH264" for what was H.265, pictures are coded anew; else they are those that were recorded, byte for byte',
    'SHA256SUMS     SHA-256 of every file',
    '',
    '2. How to check them offline',
    'Windows: open a command prompt in this folder and run, for each file,',
    '    certutil -hashfile name.mp4 SHA256',
    '  and compare with its line in SHA256SUMS: the same means unchanged.',
    'Linux: run in this folder',
    '    sha256sum -c SHA256SUMS',
    '',
    ...clock.en,
  ].join('\r\n')}`
}

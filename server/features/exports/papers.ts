/** What lies beside the pictures: the manifest, the sums, and how to check them without us. Names and reasons are data here, never markup. */
import { createHash } from 'node:crypto'
import type { StoredExport } from './store.ts'

const MANIFEST_VERSION = 1

export type PaperText = { fileName: string; content: string }

export const sha256Of = (content: string): string => createHash('sha256').update(content, 'utf8').digest('hex')

/** `readyAt` is when the last file was whole; `version` that of the platform. */
export function papersOf(exported: StoredExport, { readyAt, version }: { readyAt: number; version: string }): PaperText[] {
  const manifest = { fileName: 'manifest.json', content: `${JSON.stringify(manifestOf(exported, readyAt, version), null, 2)}\n` }
  const hashed = [...exported.clips.flatMap(({ files }) => files), { fileName: manifest.fileName, sha256: sha256Of(manifest.content) }]
  const sums = { fileName: 'SHA256SUMS', content: hashed.map(({ sha256, fileName }) => `${sha256}  ${fileName}\n`).join('') }
  return [manifest, sums, { fileName: '说明.txt', content: instructions }]
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
      /** How far the camera's own clock was off; null: not measured. Times here are the platform's. */
      clockOffsetMs: null,
      failure,
      files: files.map(({ fileName, bytes, sha256, codec, widthPx, heightPx, sound, frames, stretches, ...range }) => ({
        fileName,
        bytes,
        sha256,
        codec,
        widthPx,
        heightPx,
        sound,
        frames,
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

/** A byte order mark and CR LF: old editors on Windows show the Chinese only with them. */
const instructions = `\uFEFF${[
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
].join('\r\n')}`

/** Reads a segment's file by its fragments: how far it is whole, and what it says of itself. Async reads of bounded size only. */
import type { FileHandle } from 'node:fs/promises'
import { ProtocolError } from '../../base/errors.ts'
import type { Instant } from '../../contract/ids.ts'
import {
  type FragmentedHead,
  type FragmentHead,
  MAX_FRAGMENT_HEAD_BYTES,
  MAX_HEAD_BYTES,
  parseFragmentedHead,
  parseFragmentHead,
} from '../../protocols/mp4/fragment-parser.ts'

/** Enough for the head of nearly every fragment. */
const FIRST_READ_BYTES = 4 * 1024

export type SegmentExtent = {
  head: FragmentedHead
  /** Everything before this is whole fragments. */
  bytes: number
  fragments: number
  /** Wall clock of the first picture and of the end of the last; equal when there is none. */
  fromAt: Instant
  toAt: Instant
}

/** `undefined` when the file ends before its head does. Throws `ProtocolError` for a file of another kind. */
export async function readHead(handle: FileHandle): Promise<FragmentedHead | undefined> {
  return (await readGrowing(handle, 0, MAX_HEAD_BYTES, parseFragmentedHead))?.found
}

/** The fragment that begins at `offset`. `undefined` at the end of the file, or when its samples are not all there. Throws `ProtocolError` for damage. */
export async function readFragmentHead(handle: FileHandle, offset: number, fileBytes: number): Promise<FragmentHead | undefined> {
  const read = await readGrowing(handle, offset, MAX_FRAGMENT_HEAD_BYTES, parseFragmentHead)
  return read && offset + read.found.bytes <= fileBytes ? read.found : undefined
}

/**
 * Walks the file to the last fragment that is whole. The last `checkedFragments` are read and their pictures looked at: after a power cut,
 * the newest blocks may be zeros although the file is as long as it should be.
 */
export async function measureSegment(handle: FileHandle, checkedFragments: number): Promise<SegmentExtent | undefined> {
  const head = await readHead(handle)
  if (!head) return undefined
  const { size } = await handle.stat()
  const whole: { offset: number; fragment: FragmentHead }[] = []
  for (let offset = head.bytes; ;) {
    const fragment = await readFragmentHead(handle, offset, size).catch(ignoreDamage)
    if (!fragment) break
    whole.push({ offset, fragment })
    offset += fragment.bytes
  }
  const firstChecked = Math.max(0, whole.length - checkedFragments)
  for (let index = firstChecked; index < whole.length; index++) {
    const { offset, fragment } = whole[index]!
    if (!(await hasWholePictures(handle, offset, fragment))) whole.length = index
  }
  const last = whole.at(-1)
  const fromAt = whole[0]?.fragment.at ?? 0
  return {
    head,
    bytes: last ? last.offset + last.fragment.bytes : head.bytes,
    fragments: whole.length,
    fromAt,
    toAt: last ? endOf(last.fragment) : fromAt,
  }
}

export function endOf({ at, video }: FragmentHead): Instant {
  const last = video.at(-1)!
  return at + last.dts + last.duration - video[0]!.dts
}

/** NAL units that fill each picture exactly, and nowhere three zeros, which no NAL unit holds (ITU-T H.264 §7.4.1). */
async function hasWholePictures(handle: FileHandle, offset: number, { video }: FragmentHead): Promise<boolean> {
  for (const sample of video) {
    const bytes = Buffer.allocUnsafe(sample.bytes)
    const { bytesRead } = await handle.read(bytes, 0, sample.bytes, offset + sample.offset)
    if (bytesRead < sample.bytes || !isWholePicture(bytes)) return false
  }
  return true
}

const THREE_ZEROS = Buffer.alloc(3)

export function isWholePicture(bytes: Buffer): boolean {
  let at = 0
  while (at + 4 < bytes.length) {
    const end = at + 4 + bytes.readUInt32BE(at)
    if (end > bytes.length || end === at + 4 || (bytes[at + 4]! & 0x80) !== 0) return false
    if (bytes.subarray(at + 4, end).includes(THREE_ZEROS)) return false
    at = end
  }
  return at === bytes.length && at > 0
}

/** Reads from `offset`, more and more, until `parse` is content or `maxBytes` or the end of the file is reached. */
async function readGrowing<T>(
  handle: FileHandle,
  offset: number,
  maxBytes: number,
  parse: (bytes: Uint8Array) => T | undefined,
): Promise<{ found: T } | undefined> {
  for (let bytes = FIRST_READ_BYTES; ; bytes = Math.min(maxBytes, bytes * 8)) {
    const buffer = Buffer.allocUnsafe(bytes)
    const { bytesRead } = await handle.read(buffer, 0, bytes, offset)
    const found = parse(buffer.subarray(0, bytesRead))
    if (found !== undefined) return { found }
    if (bytesRead < bytes || bytes === maxBytes) return undefined
  }
}

const ignoreDamage = (problem: unknown): undefined => {
  if (!(problem instanceof ProtocolError)) throw problem
}

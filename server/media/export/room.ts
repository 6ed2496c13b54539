/** Room on the disk of the exports: some of it is never theirs. */
import { statfs } from 'node:fs/promises'
import { ExportProblem } from './problem.ts'

export type RoomLimits = { reserveBytes: number; reserveRate: number }

export function createRoom(folder: string, { reserveBytes, reserveRate }: RoomLimits) {
  return {
    /** Throws `disk_full` when there would be less than the reserve after writing so much more. */
    async check(moreBytes: number): Promise<void> {
      const { blocks, bavail, bsize } = await statfs(folder)
      const freeBytes = bavail * bsize
      const reserve = Math.max(reserveBytes, blocks * bsize * reserveRate)
      if (freeBytes - moreBytes < reserve) throw new ExportProblem('disk_full', `${freeBytes} bytes are free, ${moreBytes} more are needed, ${reserve} stay`)
    },
  }
}
export type Room = ReturnType<typeof createRoom>

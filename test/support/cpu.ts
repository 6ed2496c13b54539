/**
 * What a piece of work costs, in milliseconds of this process: not the wall, since other work may share the machine. Work that seems slow is done again,
 * and the better counts: the collector may have come in between.
 */
export function cpuMsOf(work: () => unknown): number {
  const first = cpuMsOnce(work)
  return first < 50 ? first : Math.min(first, cpuMsOnce(work))
}

function cpuMsOnce(work: () => unknown): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

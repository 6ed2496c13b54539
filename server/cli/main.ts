/**
 * `npm run -s mapwall -- <command>`: what an administrator does at the machine (R-RECOVER).
 * Exit codes: 0 all is well, 1 something was found or failed, 2 the command line is wrong, 3 it could not be done at all.
 */
import { systemClock } from '../base/clock.ts'
import { ConfigError, readConfig } from '../config.ts'
import { StartError } from '../start-error.ts'
import { backupCommands } from './backup.ts'
import { type CliCommand, UsageError } from './command.ts'
import { recordingCommands } from './recordings.ts'

const commands: Record<string, CliCommand> = { ...recordingCommands, ...backupCommands }

function help(): string {
  const lines = Object.values(commands).map(({ usage, about }) => `  mapwall ${usage}\n      ${about.replaceAll('\n', '\n      ')}`)
  return [
    '用法 / usage: npm run -s mapwall -- <命令 command> [--help]',
    '',
    ...lines,
    '',
    '数据目录和录像目录由 MAPWALL_DATA、MAPWALL_MEDIA_DIRS、DATABASE_URL 指定，与启动时相同。',
    'Folders are those of the start: MAPWALL_DATA, MAPWALL_MEDIA_DIRS, DATABASE_URL.',
    '退出码 / exit codes: 0 正常 well · 1 有问题 something found · 2 命令有误 wrong words · 3 无法进行 not possible',
  ].join('\n')
}

async function run(words: readonly string[]): Promise<number> {
  const name = Object.keys(commands).find((each) => each === words.slice(0, each.split(' ').length).join(' '))
  const say = (line: string) => void process.stdout.write(`${line}\n`)
  if (name === undefined || words.includes('--help')) {
    say(name === undefined ? help() : `mapwall ${commands[name]!.usage}\n${commands[name]!.about}`)
    return words.length === 0 || words.includes('--help') ? 0 : 2
  }
  return commands[name]!.run(words.slice(name.split(' ').length), { config: readConfig(process.env), clock: systemClock, say })
}

run(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (problem: Error) => {
    const isPlain = problem instanceof StartError || problem instanceof ConfigError || problem instanceof UsageError
    process.stderr.write(`${isPlain ? problem.message : problem.stack}\n`)
    process.exit(problem instanceof UsageError ? 2 : 3)
  },
)

/** What a person at the keyboard reads, in both languages. */
import { join } from 'node:path'
import type { DemoAccount } from './demo/seed.ts'

export const sayLine = (line: string) => void process.stdout.write(`${line}\n`)

/** Chinese characters are two columns wide. */
const widthOf = (text: string) => Array.from(text).reduce((width, character) => width + (character.codePointAt(0)! > 0x2e80 ? 2 : 1), 0)
const pad = (text: string, width: number) => text + ' '.repeat(Math.max(0, width - widthOf(text)))

export function sayDemoReady({
  url,
  accounts,
  dataFolder,
  cameraCount,
}: {
  url: string
  accounts: readonly DemoAccount[]
  dataFolder: string
  cameraCount: number
}) {
  const rows = accounts.map(({ roleName, account, password }) => `  ${pad(roleName, 24)}${pad(account, 14)}${password}`)
  sayLine(
    [
      '',
      `  ${pad('角色 role', 24)}${pad('账号 account', 14)}密码 password`,
      ...rows,
      '',
      `  账号也在 / also in ${join(dataFolder, 'demo-accounts.json')}`,
      `  日志 / log ${join(dataFolder, 'demo.log')}`,
      '',
    ].join('\n'),
  )
  sayLine(`演示已就绪 / the demo is ready: ${url}   （${cameraCount} 台模拟摄像机，均为演示数据；Ctrl-C 停止 / stop）`)
}

export function sayReady({ url, setupCode, cameraCount }: { url: string; setupCode: string | undefined; cameraCount: number }) {
  if (setupCode) sayLine(setupText(url, setupCode))
  sayLine(`MapWall 已就绪 / ready: ${url}   （${cameraCount} 台摄像机 / cameras）`)
}

export const setupText = (url: string, setupCode: string) =>
  `\n  首次启动：打开 ${url} ，用下面的一次性设置码建立三个管理员账号。\n  First start: open the page and make the three administrators with this one-time setup code.\n\n      ${setupCode}\n`

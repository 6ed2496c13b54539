/** Texts of sending cameras to a wall. */
export const zh = {
  send: '上墙',
  wall: '墙 {wall}',
  sent: '已上墙 {wall} 第 {tile} 格',
  sentMany: '已上墙 {wall}，{count} 路',
  leftOut: '；{count} 路没有空格',
  full: '墙 {wall} 没有空格，先到电视墙撤下一格',
  go: '去电视墙',
  wereOpen: '上次开着墙 {walls}，浏览器不能自己打开窗口',
  reopen: '重新打开墙 {walls}',
  reopenBlocked: '浏览器拦住了窗口：再点一次，或允许本站弹出窗口',
  reopenNot: '不再提示',
}

/** Texts of sending cameras to a wall. */
export const zh = {
  send: '上墙',
  wall: '墙 {wall}',
  sent: '已上墙 {wall} 第 {tile} 格',
  sentMany: '已上墙 {wall}，{count} 路',
  leftOut: '；{count} 路没有空格',
  full: '墙 {wall} 没有空格，先到电视墙撤下一格',
  go: '去电视墙',
}

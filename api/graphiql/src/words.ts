const en = {
  key: 'API key',
  keyHint: 'Sent as X-API-Key. Kept in this page only; a reload forgets it.',
  reset: 'Reset tabs',
  resetHint: 'Throw away your tabs and open the ready ones again',
  connecting: 'Connecting…',
  away: 'The gateway does not answer',
  locked: 'The gateway wants an API key',
  simulated: 'simulated clock',
  MOCK: 'Simulated exchange: no order leaves this process',
  DEV: 'Real data: orders are intercepted and matched here',
  PROD: 'Real trading: orders go to the terminal',
};

type Words = typeof en;

const zh: Words = {
  key: 'API 密钥',
  keyHint: '以 X-API-Key 发送，仅保存在本页内存中，刷新后需重新输入',
  reset: '重置标签页',
  resetHint: '丢弃当前标签页，重新打开示例',
  connecting: '正在连接…',
  away: '网关没有响应',
  locked: '网关需要 API 密钥',
  simulated: '模拟时钟',
  MOCK: '模拟交易所：订单不会离开本进程',
  DEV: '真实行情：订单被拦截并在本地撮合',
  PROD: '实盘交易：订单会发送到交易终端',
};

export const words: Words = navigator.language.toLowerCase().startsWith('zh') ? zh : en;

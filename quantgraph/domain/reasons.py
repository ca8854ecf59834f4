"""Why the gateway says no: one list for both wires, with the Chinese text beside it."""

from enum import Enum, StrEnum


class Kind(Enum):
    """What sort of no it is; each wire maps a kind once (see `grpc_bridge.status`)."""

    INVALID = "the request itself is wrong"
    NOT_FOUND = "the thing asked for does not exist"
    UNAUTHENTICATED = "no valid key"
    FORBIDDEN = "the key may not do this"
    REJECTED = "a market or risk rule refuses the order"
    CONFLICT = "the key was used for something else"
    TAKEN = "the name belongs to something else"
    REFUSED = "what is held forbids the change"
    DISABLED = "trading is switched off"
    LIMITED = "a rate or size limit is reached"
    UNSUPPORTED = "the answer cannot be given from what is held"
    UNAVAILABLE = "a source is away; the same request may work later"
    ABORTED = "the ground moved; start again"
    STARTUP = "the gateway or a command cannot start"
    INTERNAL = "our own fault"


class Reason(StrEnum):
    """A stable code. Codes are added, never renamed or reused."""

    kind: Kind
    zh: str
    retryable: bool

    def __new__(cls, code: str, kind: Kind, zh: str, retryable: bool = False) -> "Reason":
        """Keep the kind and the Chinese text on the member itself."""
        self = str.__new__(cls, code)
        self._value_ = code
        self.kind = kind
        self.zh = zh
        self.retryable = retryable
        return self

    BAD_REQUEST = "BAD_REQUEST", Kind.INVALID, "请求有误"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED", Kind.INVALID, "GraphQL 文档语法错误"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED", Kind.INVALID, "GraphQL 文档校验失败"
    UNSUPPORTED_PERIOD = "UNSUPPORTED_PERIOD", Kind.INVALID, "不支持该周期"
    START_AFTER_END = "START_AFTER_END", Kind.INVALID, "开始时间晚于结束时间"
    ROW_LIMIT = "ROW_LIMIT", Kind.INVALID, "请求的行数超过上限"
    INVALID_CURSOR = "INVALID_CURSOR", Kind.INVALID, "分页游标无效"
    RESUME_TOKEN_INVALID = "RESUME_TOKEN_INVALID", Kind.INVALID, "续传令牌无效"
    RESUME_REQUEST_CHANGED = (
        "RESUME_REQUEST_CHANGED",
        Kind.INVALID,
        "续传请求与原下载请求不一致",
    )
    ONE_ORDER_FIELD = "ONE_ORDER_FIELD", Kind.INVALID, "一次操作只能有一个变更委托的根字段"
    BATCH_LIMIT = "BATCH_LIMIT", Kind.INVALID, "一批委托的数量超过上限"
    COST_LIMIT = "COST_LIMIT", Kind.INVALID, "查询的成本超过上限"
    QUERY_TOO_LARGE = "QUERY_TOO_LARGE", Kind.INVALID, "查询过大或过深"

    UNKNOWN_SYMBOL = "UNKNOWN_SYMBOL", Kind.NOT_FOUND, "未知证券代码"
    NO_ETF_LIST = "NO_ETF_LIST", Kind.NOT_FOUND, "没有申购赎回清单"
    UNKNOWN_PRODUCT = "UNKNOWN_PRODUCT", Kind.NOT_FOUND, "未知期货品种"
    UNKNOWN_TABLE = "UNKNOWN_TABLE", Kind.NOT_FOUND, "未知数据表"
    UNKNOWN_SCENARIO = "UNKNOWN_SCENARIO", Kind.NOT_FOUND, "未知情景"
    UNKNOWN_SECTOR = "UNKNOWN_SECTOR", Kind.NOT_FOUND, "未知板块"
    UNKNOWN_ACCOUNT = "UNKNOWN_ACCOUNT", Kind.NOT_FOUND, "未知资金账号"
    UNKNOWN_FAULT = "UNKNOWN_FAULT", Kind.NOT_FOUND, "未知故障名称"
    UNKNOWN_SNAPSHOT = "UNKNOWN_SNAPSHOT", Kind.NOT_FOUND, "未知快照"
    UNKNOWN_DOWNLOAD = "UNKNOWN_DOWNLOAD", Kind.NOT_FOUND, "没有该下载任务"
    UNKNOWN_DOCUMENT = "UNKNOWN_DOCUMENT", Kind.NOT_FOUND, "未知的 GraphQL 文档编号"
    ORDER_NOT_FOUND = "ORDER_NOT_FOUND", Kind.NOT_FOUND, "委托不存在"

    UNAUTHENTICATED = "UNAUTHENTICATED", Kind.UNAUTHENTICATED, "缺少有效的访问密钥"
    FORBIDDEN = "FORBIDDEN", Kind.FORBIDDEN, "该密钥无权执行此操作"
    UNTRUSTED_DOCUMENT = "UNTRUSTED_DOCUMENT", Kind.FORBIDDEN, "该 GraphQL 文档不在清单中"

    SESSION_CLOSED = "SESSION_CLOSED", Kind.REJECTED, "当前时间不允许交易"
    PRICE_REQUIRED = "PRICE_REQUIRED", Kind.REJECTED, "限价委托必须提供价格"
    PRICE_NOT_ALLOWED = "PRICE_NOT_ALLOWED", Kind.REJECTED, "市价委托不能提供价格"
    PRICE_TYPE_UNSUPPORTED = "PRICE_TYPE_UNSUPPORTED", Kind.REJECTED, "不支持该报价类型"
    TICK_SIZE = "TICK_SIZE", Kind.REJECTED, "价格不是最小变动价位的整数倍"
    LOT_SIZE = "LOT_SIZE", Kind.REJECTED, "数量不符合最小交易单位"
    QUANTITY_INVALID = "QUANTITY_INVALID", Kind.REJECTED, "委托数量无效"
    QUANTITY_LIMIT = "QUANTITY_LIMIT", Kind.REJECTED, "超过单笔委托数量上限"
    PRICE_BAND = "PRICE_BAND", Kind.REJECTED, "价格超出涨跌幅限制"
    PRICE_CAGE = "PRICE_CAGE", Kind.REJECTED, "价格超出有效申报价格范围"
    CLOSE_NOT_REACHED = "CLOSE_NOT_REACHED", Kind.REJECTED, "委托价格劣于收盘价，无法按收盘价成交"
    PURCHASE_LIMIT = "PURCHASE_LIMIT", Kind.REJECTED, "超过风险警示股票当日买入数量上限"
    SUSPENDED = "SUSPENDED", Kind.REJECTED, "证券停牌"
    INSUFFICIENT_CASH = "INSUFFICIENT_CASH", Kind.REJECTED, "可用资金不足"
    INSUFFICIENT_SHARES = "INSUFFICIENT_SHARES", Kind.REJECTED, "证券可用数量不足"
    ORDER_LIMIT = "ORDER_LIMIT", Kind.REJECTED, "未成交委托或活跃证券数量超过上限"
    SYMBOL_BLOCKED = "SYMBOL_BLOCKED", Kind.REJECTED, "该账号不得交易此证券"
    ORDER_QUANTITY_LIMIT = "ORDER_QUANTITY_LIMIT", Kind.REJECTED, "超过账号单笔委托数量上限"
    ORDER_VALUE_LIMIT = "ORDER_VALUE_LIMIT", Kind.REJECTED, "超过账号单笔委托金额上限"
    POSITION_QUANTITY_LIMIT = "POSITION_QUANTITY_LIMIT", Kind.REJECTED, "超过账号持仓数量上限"
    POSITION_VALUE_LIMIT = "POSITION_VALUE_LIMIT", Kind.REJECTED, "超过账号持仓市值上限"
    DAILY_VALUE_LIMIT = "DAILY_VALUE_LIMIT", Kind.REJECTED, "超过账号当日金额上限"
    PRICE_DISTANCE_LIMIT = "PRICE_DISTANCE_LIMIT", Kind.REJECTED, "价格偏离最新价超过账号上限"
    ORDER_EXPIRED = "ORDER_EXPIRED", Kind.REJECTED, "委托已过有效期"
    RULE_UNKNOWN = "RULE_UNKNOWN", Kind.REJECTED, "没有适用的交易规则"
    RULE_UNVERIFIED = "RULE_UNVERIFIED", Kind.REJECTED, "适用的交易规则尚未核实"
    NOT_TRADABLE = "NOT_TRADABLE", Kind.REJECTED, "该证券不可交易"
    TERMINAL_REFUSED = "TERMINAL_REFUSED", Kind.REJECTED, "柜台拒绝委托"
    NOT_SENT = "NOT_SENT", Kind.REJECTED, "委托未发出"
    OUTCOME_UNTOLD = "OUTCOME_UNTOLD", Kind.REJECTED, "交易终端不再列出该委托，结果未知"
    WRITTEN_OFF = "WRITTEN_OFF", Kind.REJECTED, "结果未知的委托已由管理员核销"
    WRITE_OFF_NOT_POSSIBLE = "WRITE_OFF_NOT_POSSIBLE", Kind.REJECTED, "该委托不能核销"
    NOT_AT_TERMINAL = "NOT_AT_TERMINAL", Kind.REJECTED, "交易终端没有该委托"
    APPROVAL_REFUSED = "APPROVAL_REFUSED", Kind.REJECTED, "审批人拒绝了委托"
    APPROVAL_NOT_POSSIBLE = "APPROVAL_NOT_POSSIBLE", Kind.REJECTED, "该委托不在待审批状态"
    APPROVER_IS_SUBMITTER = "APPROVER_IS_SUBMITTER", Kind.REJECTED, "审批须使用不同于提交者的密钥"
    ORDER_NOT_CANCELABLE = "ORDER_NOT_CANCELABLE", Kind.REJECTED, "委托不可撤销"
    CANCEL_CLOSED = "CANCEL_CLOSED", Kind.REJECTED, "当前时段不接受撤单"

    IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT", Kind.CONFLICT, "客户委托号已用于不同的委托"
    SECTOR_NAME_TAKEN = "SECTOR_NAME_TAKEN", Kind.TAKEN, "板块名称已被占用"
    SECTOR_READ_ONLY = "SECTOR_READ_ONLY", Kind.REFUSED, "内置板块不可修改"
    SECTOR_LIMIT = "SECTOR_LIMIT", Kind.REFUSED, "自定义板块或成分数量超过上限"
    ACCOUNT_TAKEN = "ACCOUNT_TAKEN", Kind.TAKEN, "资金账号已存在"
    SNAPSHOT_TAKEN = "SNAPSHOT_TAKEN", Kind.TAKEN, "快照名称已被占用"
    ACCOUNT_LIMIT = "ACCOUNT_LIMIT", Kind.REFUSED, "模拟账号数量超过上限"
    ACTION_LIMIT = "ACTION_LIMIT", Kind.REFUSED, "公司行动数量超过上限"
    PRICES_RECORDED = "PRICES_RECORDED", Kind.REFUSED, "该证券使用导入或回放的行情，不能公告除权"
    SNAPSHOT_LIMIT = "SNAPSHOT_LIMIT", Kind.REFUSED, "快照数量或大小超过上限"
    SNAPSHOT_UNUSABLE = "SNAPSHOT_UNUSABLE", Kind.REFUSED, "快照无法恢复"
    DOWNLOAD_LIMIT = "DOWNLOAD_LIMIT", Kind.REFUSED, "等待中的下载任务数量达到上限", True
    CLOCK_BACKWARD = "CLOCK_BACKWARD", Kind.REFUSED, "模拟时钟只能向前"
    ARMING_SECRET_WRONG = "ARMING_SECRET_WRONG", Kind.REFUSED, "交易解锁密钥不正确"
    TRADING_UNREPORTED = "TRADING_UNREPORTED", Kind.REFUSED, "尚未确认已履行程序化交易报告"
    TRADING_DISABLED = "TRADING_DISABLED", Kind.DISABLED, "交易已停用"
    TRADING_HALTED = "TRADING_HALTED", Kind.DISABLED, "交易已暂停，撤单仍可进行"
    TRADING_REDUCING = "TRADING_REDUCING", Kind.DISABLED, "仅允许减仓卖出和撤单"
    TRADING_DISARMED = "TRADING_DISARMED", Kind.DISABLED, "交易尚未解锁，需要第二密钥"
    MODE_MISMATCH = "MODE_MISMATCH", Kind.DISABLED, "交易终端所在网关的运行模式不同"
    ACCOUNT_DISCONNECTED = "ACCOUNT_DISCONNECTED", Kind.DISABLED, "账号已断开，不接受新委托"
    TERMINAL_DISCONNECTED = "TERMINAL_DISCONNECTED", Kind.DISABLED, "交易终端已断开", True
    RECONCILING = "RECONCILING", Kind.DISABLED, "正在与交易终端核对委托", True

    RATE_LIMITED = "RATE_LIMITED", Kind.LIMITED, "请求过于频繁", True
    DAILY_COUNT_LIMIT = "DAILY_COUNT_LIMIT", Kind.LIMITED, "当日报撤单笔数达到上限", True
    SLOW_CONSUMER = "SLOW_CONSUMER", Kind.LIMITED, "客户端读取过慢", True
    CONNECTION_LIMIT = "CONNECTION_LIMIT", Kind.LIMITED, "连接数量超过上限", True
    SUBSCRIPTION_LIMIT = "SUBSCRIPTION_LIMIT", Kind.LIMITED, "订阅数量超过上限", True
    OVERLOADED = "OVERLOADED", Kind.LIMITED, "服务器繁忙", True

    CALENDAR_NOT_COVERED = "CALENDAR_NOT_COVERED", Kind.UNSUPPORTED, "交易日历未覆盖该日期"
    DATE_NOT_HELD = "DATE_NOT_HELD", Kind.UNSUPPORTED, "没有该日期的名单数据"
    NOT_QUOTED = "NOT_QUOTED", Kind.UNSUPPORTED, "该证券没有行情"
    NOT_DOWNLOADED = "NOT_DOWNLOADED", Kind.UNSUPPORTED, "交易终端尚未下载该数据"
    ADJUSTMENT_UNAVAILABLE = (
        "ADJUSTMENT_UNAVAILABLE",
        Kind.UNSUPPORTED,
        "缺少复权所需的除权数据",
    )

    PRICE_UNKNOWN = "PRICE_UNKNOWN", Kind.UNSUPPORTED, "没有可用的价格"
    FILLS_MISMATCH = "FILLS_MISMATCH", Kind.UNSUPPORTED, "当日成交与持仓不一致"

    ACCOUNT_AMBIGUOUS = "ACCOUNT_AMBIGUOUS", Kind.UNSUPPORTED, "多个交易终端都有该资金账号"
    TERMINAL_LACKS = "TERMINAL_LACKS", Kind.UNSUPPORTED, "当前交易终端版本或权限不支持此功能"

    SOURCE_UNAVAILABLE = "SOURCE_UNAVAILABLE", Kind.UNAVAILABLE, "数据源不可用", True
    TERMINAL_OFFLINE = "TERMINAL_OFFLINE", Kind.UNAVAILABLE, "无法连接远端交易终端", True
    OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN", Kind.UNAVAILABLE, "操作结果未知，请先查询再重试", True
    EXCHANGE_LOST = "EXCHANGE_LOST", Kind.UNAVAILABLE, "模拟交易所进程已终止"
    SHUTTING_DOWN = "SHUTTING_DOWN", Kind.UNAVAILABLE, "服务正在停止", True
    TIMED_OUT = "TIMED_OUT", Kind.UNAVAILABLE, "操作超时", True
    DOWNLOAD_REFUSED = "DOWNLOAD_REFUSED", Kind.UNAVAILABLE, "交易终端未能下载该数据", True
    DOWNLOAD_CANCELED = "DOWNLOAD_CANCELED", Kind.UNAVAILABLE, "下载在终端所在网关被取消", True
    DOWNLOAD_INCOMPLETE = "DOWNLOAD_INCOMPLETE", Kind.UNAVAILABLE, "下载不完整，请重新下载", True
    DOWNLOAD_CORRUPT = "DOWNLOAD_CORRUPT", Kind.UNAVAILABLE, "下载的数据校验失败，请重新下载", True
    STORE_UNAVAILABLE = "STORE_UNAVAILABLE", Kind.UNAVAILABLE, "存储不可用", True

    SOURCE_CHANGED = "SOURCE_CHANGED", Kind.ABORTED, "下载过程中数据来源改变，请重新下载"
    EPOCH_CHANGED = "EPOCH_CHANGED", Kind.ABORTED, "事件序列已重新开始，请重新查询"

    RESUME_TOKEN_EXPIRED = "RESUME_TOKEN_EXPIRED", Kind.ABORTED, "续传令牌已过期，请重新下载"

    CONFIG_INVALID = "CONFIG_INVALID", Kind.STARTUP, "配置无效"
    KEYS_REQUIRED = "KEYS_REQUIRED", Kind.STARTUP, "需要先创建访问密钥"
    TLS_REQUIRED = "TLS_REQUIRED", Kind.STARTUP, "非本机访问必须启用 TLS"
    TLS_UNUSABLE = "TLS_UNUSABLE", Kind.STARTUP, "TLS 证书或密钥无法使用"
    MODE_UNAVAILABLE = "MODE_UNAVAILABLE", Kind.STARTUP, "该模式不可用"
    SDK_UNUSABLE = "SDK_UNUSABLE", Kind.STARTUP, "无法使用交易终端的软件包"
    PORT_TAKEN = "PORT_TAKEN", Kind.STARTUP, "端口已被占用"
    DATA_DIR_UNUSABLE = "DATA_DIR_UNUSABLE", Kind.STARTUP, "数据目录不可用"
    STORE_CORRUPT = "STORE_CORRUPT", Kind.STARTUP, "存储已损坏"
    STORE_VERSION = "STORE_VERSION", Kind.STARTUP, "存储版本不兼容"
    IMPORT_FAILED = "IMPORT_FAILED", Kind.STARTUP, "导入失败"
    LAYOUT_UNKNOWN = "LAYOUT_UNKNOWN", Kind.STARTUP, "无法识别文件格式"
    LAYOUT_AMBIGUOUS = "LAYOUT_AMBIGUOUS", Kind.STARTUP, "文件格式有多种可能"

    INTERNAL = "INTERNAL", Kind.INTERNAL, "内部错误", True

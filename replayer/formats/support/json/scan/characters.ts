/** Codes of characters that delimit JSON, or stand around it. */
export const QUOTE = 34;
export const BACKSLASH = 92;
export const LINE_FEED = 10;
export const COMMA = 44;
export const COLON = 58;
export const OPEN = 123;
export const CLOSE = 125;
export const OPEN_LIST = 91;
export const CLOSE_LIST = 93;
export const SEMICOLON = 59;
export const PARENTHESIS = 41;
export const BYTE_ORDER_MARK = 0xfeff;

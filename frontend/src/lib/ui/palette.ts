/** Number of colours for subjects; the style sheet names them `--subject-0` to `--subject-11`. */
export const SUBJECT_COLOURS = 12;

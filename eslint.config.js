import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';

/** The environment is read in one place, so that a setting has one name, one check and one default. */
const environment = {
  object: 'process',
  property: 'env',
  message: 'Read settings with loadSettings() of core/settings/settings.ts.',
};

export default ts.config(
  { ignores: ['dist/', '.reprise/', 'schemas/types.ts', 'examples/'] },
  js.configs.recommended,
  ts.configs.recommendedTypeChecked,
  svelte.configs.recommended,
  {
    languageOptions: {
      globals: globals.node,
      parserOptions: {
        project: ['tsconfig.json', 'frontend/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-properties': ['error', environment],
      'prefer-const': ['error', { destructuring: 'all' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // `${count}` and `${url}` are what they look like.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // An interface may promise a promise that a keeper has at once.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': [
        'error',
        { allowThrowingUnknown: true, allowThrowingAny: true },
      ],
      // A class that loses its `this` fails at once on its private fields; object literals need none.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['frontend/**'],
    languageOptions: { globals: globals.browser },
    rules: {
      'no-console': ['error', { allow: ['warn', 'error'] }],
      // What deck.gl's shaders are made of has no types.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      // High-rate data stays outside of Svelte's state, on purpose: one version number moves per frame.
      'svelte/prefer-svelte-reactivity': 'off',
      // It takes the reason behind an ignored warning for more of them; svelte-check knows better.
      'svelte/no-unused-svelte-ignore': 'off',
    },
  },
  {
    // The types of components are svelte-check's part: asking for them here takes a minute.
    files: ['**/*.svelte', '**/*.svelte.ts'],
    extends: [ts.configs.disableTypeChecked],
    languageOptions: { parserOptions: { parser: ts.parser, project: null } },
  },
  {
    files: ['core/settings/settings.ts', 'test/**', 'bench/**', 'scripts/**', 'bin/**', '**/*.mjs'],
    rules: { 'no-restricted-properties': 'off' },
  },
  { files: ['bench/**', 'scripts/**'], rules: { 'no-console': 'off' } },
  {
    // A test says what a body holds by asserting it.
    files: ['test/**'],
    rules: {
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
    },
  },
  {
    // Plain JavaScript, checked by tsc through its JSDoc: the typed rules see too many `any`s there.
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    extends: [ts.configs.disableTypeChecked],
  },
);

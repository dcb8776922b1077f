import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import tseslint from 'typescript-eslint';

const environment = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: 'Only core/config.ts reads the environment; take what you need as an argument.',
};

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.reprise/', 'schemas/types.ts', '.dependency-cruiser.cjs'] },
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.svelte', '**/*.svelte.ts'],
    extends: [tseslint.configs.recommended],
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // TypeScript itself knows what is defined.
      'no-undef': 'off',
    },
  },
  {
    // Promises that nobody awaits lose errors: this needs types, and is worth them where the server runs.
    files: ['core/**/*.ts', 'replayer/**/*.ts', 'backend/**/*.ts', 'supervisor/**/*.ts'],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      'no-restricted-syntax': ['error', environment],
      'no-console': 'error',
    },
  },
  { files: ['core/config.ts'], rules: { 'no-restricted-syntax': 'off' } },
  { files: ['**/*.js', '**/*.mjs'], languageOptions: { globals: globals.node } },
  ...svelte.configs.recommended,
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: {
      globals: globals.browser,
      parserOptions: { parser: tseslint.parser, extraFileExtensions: ['.svelte'] },
    },
    rules: {
      // High-rate data is kept outside runes on purpose; one version number moves per frame.
      'svelte/prefer-svelte-reactivity': 'off',
      // svelte-check knows these warnings, this plug-in does not.
      'svelte/no-unused-svelte-ignore': 'off',
    },
  },
);

import { describe, expect, it } from 'vitest';
import { filled, templateProblem } from '../../../src/planning/content/template.ts';

const render = (template: string, variables: Record<string, string | boolean>, secrets: Record<string, string> = {}) =>
  filled({ type: 'template', template, variables }, new Map(Object.entries(secrets)));

describe('a template', () => {
  it.each([
    ['{{a}}', { a: `<&"'/\`=>` }, `<&"'/\`=>`],
    ['{{{a}}}{{&a}}', { a: '<' }, '<<'],
    ['{{#on}}yes {{a}}{{/on}}{{^on}}no{{/on}}\n', { on: true, a: 'x' }, 'yes x\n'],
    ['{{#on}}\nyes {{a}}\n{{/on}}\n{{^on}}\nno\n{{/on}}\n', { on: false, a: 'x' }, 'no\n'],
    ['{{! a note }}{{=<% %>=}}<% a %> {{a}}', { a: 'x' }, 'x {{a}}'],
    ['a\r\n{{b}}\r\n', { b: 'x' }, 'a\r\nx\r\n'],
  ])('%j with %j is %j', (template, variables, expected) => {
    expect(templateProblem(template, variables)).toBeNull();
    expect(render(template, variables)).toBe(expected);
  });

  it('gets the values of secrets, whatever stands in them', () => {
    const secrets = { 'secret:file/a': '{{b}} $& ${1} <%= 1 %>' };
    expect(render('{{a}}{{b}}', { a: 'secret:file/a', b: 'x' }, secrets)).toBe('{{b}} $& ${1} <%= 1 %>x');
  });

  it('is not filled without a secret that it names', () => {
    expect(() => render('{{a}}', { a: 'secret:file/a' })).toThrow('secret:file/a was not fetched');
  });

  it.each([
    ['{{a}}', {}, 'the template uses a, which is none of the variables'],
    ['{{constructor}}', {}, 'the template uses constructor, which is none of the variables'],
    ['{{a.length}}', { a: 'x' }, 'the template does not use the variable a'],
    ['{{.}}', {}, 'the template uses ., which is none of the variables'],
    ['a', { a: 'x' }, 'the template does not use the variable a'],
    ['{{#a}}{{/a}}', { a: 'secret:file/a' }, 'the section a asks a variable that is not true or false'],
    ['{{^a}}{{/a}}', { a: 'false' }, 'the section a asks a variable that is not true or false'],
    ['{{a}}', { a: true }, 'a is true or false: it can only be asked by a section'],
    ['{{#a}}{{b}}{{/a}}', { a: true }, 'the template uses b, which is none of the variables'],
    ['{{> /etc/passwd}}', {}, 'a template takes no other template: {{> /etc/passwd}}'],
    ['{{#a}}', { a: true }, 'the template cannot be read: Unclosed section "a" at 6'],
    ['{{a', { a: 'x' }, 'the template cannot be read: Unclosed tag at 3'],
  ])('%j with %j is refused', (template, variables, problem) => {
    expect(templateProblem(template, variables)).toBe(problem);
  });

  it('runs no code', () => {
    expect(render('<%= process.exit() %>${process}{{a}}', { a: 'x' })).toBe('<%= process.exit() %>${process}x');
  });
});

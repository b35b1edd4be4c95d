/* A list of courses in which a course that was deleted still stands, so that opening the editor
   changes nothing and whoever looks sees what is wrong. */
(function () {
  "use strict";

  const Select = window.telepath.constructors["wagtail.widgets.Select"];

  class CourseSelect extends Select {
    render(placeholder, name, id, initialState, ...rest) {
      const bound = super.render(placeholder, name, id, initialState, ...rest);
      const known = [...bound.input.options].map((option) => option.value);
      [].concat(initialState || []).filter((slug) => slug && !known.includes(slug)).forEach((slug) => {
        bound.input.append(new Option(`A course that was deleted (${slug})`, slug, true, true));
      });
      return bound;
    }
  }

  window.telepath.register("cms.widgets.CourseSelect", CourseSelect);
})();

// Texts of small catalogues, for the tests of what is accepted and what is refused.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "analysis/catalogue.h"

namespace flashcore::analysis {

// One valid metric; tests break it in one place.
inline std::string metric_text(const std::string& id = "m", const std::string& formula = "2 * n",
                               const std::string& section = "s") {
  return "[[metric]]\nid = \"" + id +
         "\"\ntitle = \"T\"\nunit = \"1\"\ndescription = \"D\"\ndirection = \"higher\"\nsection = \"" +
         section +
         "\"\nset = \"quick\"\n[[metric.formula]]\nchips = [\"*\"]\ncounters.n = \"a__b.sum\"\nformula = \"" +
         formula + "\"\nexample = { n = 2 }\nexample_result = 4\n";
}
inline const std::string kSection =
    "[[section]]\nid = \"s\"\ntitle = \"S\"\ndescription = \"D\"\norder = 1\n";

inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

inline core::Error error_of(const std::string& text) {
  const auto catalogue = Catalogue::from_text({{"bad.toml", kSection + text}});
  EXPECT_FALSE(catalogue.has_value()) << text;
  return catalogue ? core::Error{} : catalogue.error();
}

}  // namespace flashcore::analysis

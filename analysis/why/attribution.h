// The arithmetic of splitting a difference: the logarithmic mean Divisia index (Ang 2004, "Decomposition
// analysis for policymaking in energy: which is the preferred method?", Energy Policy 32; 2005, "The LMDI
// approach to decomposition analysis: a practical guide", Energy Policy 33). Of y = x1 x2 ... xn the part of
// xi in y1 - y0 is
//
//   L(y1, y0) ln(xi1 / xi0),   L(a, b) = (a - b) / (ln a - ln b),   L(a, a) = a
//
// which adds up exactly, leaves nothing over and does not depend on which side is the base.
//
// Owns: nothing. Units: those of y. Threads: pure functions. Errors: none; see the rules at zero.
#pragma once

namespace flashcore::analysis {

// L(a, b); 0 where one of them is not above zero, the limit there.
double log_mean(double a, double b);

// ln(now / base) of two positive numbers; 0 where one is not.
double log_ratio(double base, double now);

}  // namespace flashcore::analysis

// The compiled part of fmt, as a part of this library. Debian ships it as a shared library alone, and
// libflashcore_kernels.so is to be loaded where there is none. The list is what fmt's headers leave to its
// compiled part ("extern template", FMT_API); the linker refuses the library where one is missing.
#include <fmt/format-inl.h>

FMT_BEGIN_NAMESPACE
namespace detail {

template FMT_API auto thousands_sep_impl<char>(locale_ref) -> thousands_sep_result<char>;
template FMT_API auto decimal_point_impl<char>(locale_ref) -> char;
template FMT_API auto dragonbox::to_decimal<float>(float) noexcept -> dragonbox::decimal_fp<float>;
template FMT_API auto dragonbox::to_decimal<double>(double) noexcept -> dragonbox::decimal_fp<double>;

}  // namespace detail
FMT_END_NAMESPACE

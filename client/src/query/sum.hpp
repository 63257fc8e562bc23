#pragma once

#include <cmath>
#include <memory>

#include "exact_sum.hpp"
#include "ringside/scalar.hpp"

namespace ringside::query {

/// Sum and mean of the numbers among scalars. Values can be subtracted again.
class Sum {
public:
    [[gnu::always_inline]] void add(const Scalar& scalar) {
        if (const auto integer = scalar.as_int64()) {
            integers_ += *integer;
            ++numbers_;
        } else {
            change(scalar, true);
        }
    }
    void subtract(const Scalar& scalar) {
        if (const auto integer = scalar.as_int64()) {
            integers_ -= *integer;
            --numbers_;
        } else {
            change(scalar, false);
        }
    }
    void add(const Sum& other);

    /// See `ringside::sum` and `average`.
    [[nodiscard]] Scalar total() const;
    [[nodiscard]] Scalar mean() const;

private:
    void change(const Scalar& scalar, bool is_added);
    /// Returns the double nearest to the exact sum divided by a count.
    [[nodiscard]] double divided_by(std::uint64_t count) const;

    Int128 integers_ = 0;
    std::uint64_t numbers_ = 0;
    std::uint64_t reals_ = 0;               ///< of the numbers
    std::unique_ptr<ExactSum> real_sum_{};  ///< created with the first real
};

}  // namespace ringside::query

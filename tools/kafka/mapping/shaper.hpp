#pragma once

#include <string>

#include "shm/document/builder.hpp"
#include "tools/kafka/mapping/message_fields.hpp"
#include "tools/kafka/mapping/shape.hpp"

namespace ringside::kafka {

/// Builds the documents that a shape makes of a message's, and keeps its memory for the next.
/// Thread safety: one thread.
class Shaper {
public:
    /// The shape outlives it.
    explicit Shaper(const Shape& shape) : shape_(&shape) {}

    /// The document, encoded; valid until the next call.
    /// Errors: those of `convert`, `FieldTemplate::fill` and `DocumentBuilder::finish`, and
    /// unmappable where there is no object.
    Result<ByteView> build(const Value& document, const MessageFields& message);

private:
    /// A value of the message's document, and what was renamed away from within it.
    struct Origin {
        Value value;
        const MovedMember* moved;
    };

    [[nodiscard]] Origin origin_of(const ShapeMember& member, const Origin& around) const noexcept;
    [[nodiscard]] bool can_set(const ShapeMember& member) const noexcept;
    /// Whether the member is to be there.
    [[nodiscard]] bool is_wanted(const ShapeMember& member, const Origin& origin,
                                 bool is_kept) const noexcept;
    [[nodiscard]] bool wants_any_below(const ShapeMember& member, const Origin& origin,
                                       bool is_kept) const noexcept;

    Result<void> object(const ShapeMember& plan, const Origin& origin, bool is_kept);
    Result<void> member(const ShapeMember& plan, const Origin& around, bool is_kept);
    Result<void> value(const ShapeMember& plan, const Origin& origin, bool is_kept);
    Result<void> set(const SetValue& value);

    const Shape* shape_;
    DocumentBuilder builder_;
    std::string text_;  ///< of a template
    Value document_;
    const MessageFields* message_ = nullptr;
};

}  // namespace ringside::kafka

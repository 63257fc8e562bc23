#pragma once

#include <string>

#include "shm/document/builder.hpp"
#include "tools/kafka/mapping/message_fields.hpp"
#include "tools/kafka/mapping/shape.hpp"

namespace ringside::kafka {

/// Builds the documents of a shape, and reuses its memory.
/// Thread safety: one thread.
class Shaper {
public:
    /// The shape must outlive it.
    explicit Shaper(const Shape& shape) : shape_(&shape) {}

    /// Returns the encoded document; valid until the next call.
    /// Errors: those of `convert`, `FieldTemplate::fill` and `DocumentBuilder::finish`, and
    /// unmappable if the message's document is not an object.
    Result<ByteView> build(const Value& document, const MessageFields& message);

private:
    /// A value of the message's document, and what was moved out of it.
    struct Origin {
        Value value;
        const MovedMember* moved;
    };

    [[nodiscard]] Origin origin_of(const ShapeMember& member, const Origin& around) const noexcept;
    [[nodiscard]] bool can_set(const ShapeMember& member) const noexcept;
    /// Returns whether the new document has the member.
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

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "shm/base/limits.hpp"
#include "shm/document/patch.hpp"
#include "shm/document/path_edit.hpp"

namespace ringside {

namespace {

Error bad(std::string what) { return {Errc::bad_patch, std::move(what)}; }

/// Applies the operations of one patch in order, each to the result of the previous one.
class JsonPatch {
public:
    JsonPatch(DocumentBuilder& out, const Value& old, Paging* pages, PatchBudget& budget)
        : builders_{&out, nullptr},
          pages_(pages),
          budget_(budget),
          space_(pages == nullptr ? nullptr : &pages->space()),
          current_(old) {}

    ~JsonPatch() {
        if (pages_ != nullptr) pages_->begin();  // the budget may be destroyed with the patch
    }
    JsonPatch(const JsonPatch&) = delete;
    JsonPatch& operator=(const JsonPatch&) = delete;

    Result<void> apply(const Value& operation) {
        if (!budget_.spend(PatchBudget::steps_per_operation)) return Error(Errc::patch_too_costly);
        const auto op = operation["op"].as_string();
        if (!op) return bad("member 'op' is missing or not a string");
        const auto path = pointer(operation, "path");
        if (!path) return path.error();
        if (*op == "add" || *op == "replace" || *op == "test") {
            const Value value = operation["value"];
            if (!value.exists()) return bad("member 'value' is missing");
            if (*op == "test") return test(*path, value);
            return edit(*op == "add" ? PathAction::add : PathAction::replace, *path, value);
        }
        if (*op == "remove") return remove(PathAction::remove, *path);
        if (*op != "move" && *op != "copy")
            return bad("unknown 'op'; use add, remove, replace, move, copy or test");
        const auto from = pointer(operation, "from");
        if (!from) return from.error();
        return *op == "move" ? move(*from, *path) : copy(*from, *path);
    }

    /// Returns the current document, in `out` or in a page of `pages`.
    Result<ByteView> result() {
        if (!result_.empty()) {
            if (next_ == 0) std::swap(*builders_[0], *second_);  // moves the buffer, too
            return result_;
        }
        // No operation has changed the document.
        DocumentBuilder& out = begin();
        out.value(current_);
        return pages_ == nullptr ? out.finish() : pages_->finish(out);
    }

private:
    Result<JsonPointer> pointer(const Value& operation, const char* member) {
        const auto text = operation[member].as_string();
        if (!text) return bad(std::string("member '") + member + "' is missing or not a string");
        const auto tokens = static_cast<std::uint64_t>(std::count(text->begin(), text->end(), '/'));
        if (!budget_.spend(PatchBudget::steps_per_token * tokens)) {
            return Error(Errc::patch_too_costly);
        }
        auto parsed = JsonPointer::parse(*text);
        if (!parsed) return bad(std::string("member '") + member + "': " + parsed.error().detail);
        return parsed;
    }

    /// Returns the builder that does not hold the document.
    DocumentBuilder& begin() {
        DocumentBuilder*& builder = builders_[next_];
        if (builder == nullptr) builder = &second_.emplace();
        builder->clear(purpose());
        return *builder;
    }

    Result<void> edit(PathAction action, const JsonPointer& path, const Value& value) {
        DocumentBuilder& out = begin();
        PathEdit edit(pages_, action, value);
        if (auto done = edit.run(out, current_, path); !done) return done;
        const auto made = pages_ == nullptr ? out.finish() : pages_->finish(out);
        if (!made) return made.error();
        result_ = *made;
        current_ = Value::of(result_, space_);
        next_ = 1 - next_;
        return {};
    }

    [[nodiscard]] DocumentBuilder::Purpose purpose() const noexcept {
        return pages_ == nullptr ? DocumentBuilder::Purpose{.budget = &budget_} : pages_->purpose();
    }

    Result<void> test(const JsonPointer& path, const Value& value) {
        const auto found = find(path);
        if (!found) return found.error();
        std::uint64_t left = budget_.left();
        const bool is_equal = found->is_equal(value, left);
        budget_ = PatchBudget(left);
        if (is_equal) return {};
        if (left == 0) return Error(Errc::patch_too_costly);
        return Error(Errc::test_failed, "'" + path.text() + "' has a different value");
    }

    Result<Value> find(const JsonPointer& path) const {
        const auto found = current_.find(path);
        if (found) return *found;
        return Error(Errc::path_not_found, "'" + path.text() + "'");
    }

    Result<void> remove(PathAction action, const JsonPointer& path) {
        if (path.empty()) return bad("cannot remove the whole document; delete the record instead");
        return edit(action, path, Value());
    }

    /// Copies a value to `copied_`. If the operation `takes` the value, the copy uses its pages.
    Result<Value> copy_of(const JsonPointer& from, bool takes) {
        const auto found = find(from);
        if (!found) return found.error();
        auto purpose = this->purpose();
        purpose.is_page = takes;
        if (!copied_) copied_.emplace();
        copied_->clear(purpose);
        copied_->value(*found);
        const auto made = copied_->finish();
        if (!made) return made.error();
        return Value::of(*made, space_);
    }

    Result<void> copy(const JsonPointer& from, const JsonPointer& path) {
        const auto value = copy_of(from, false);
        return value ? edit(PathAction::add, path, *value) : value.error();
    }

    Result<void> move(const JsonPointer& from, const JsonPointer& path) {
        if (from.is_prefix_of(path) && !(from == path))
            return bad("cannot move a value into itself");
        if (from == path) {
            const auto found = find(from);
            return found ? Result<void>() : found.error();
        }
        if (path.empty()) {  // everything around it is removed
            const auto value = copy_of(from, false);
            return value ? edit(PathAction::add, path, *value) : value.error();
        }
        const auto value = copy_of(from, true);
        if (!value) return value.error();
        if (auto taken = remove(PathAction::take, from); !taken) return taken;
        return edit(PathAction::add, path, *value);
    }

    std::array<DocumentBuilder*, 2> builders_;
    std::optional<DocumentBuilder> second_;
    std::size_t next_ = 0;
    Paging* pages_;
    PatchBudget& budget_;
    const PageSpace* space_;
    Value current_;
    ByteView result_;
    std::optional<DocumentBuilder> copied_;
};

}  // namespace

Result<ByteView> apply_json_patch(DocumentBuilder& out, const Value& old, const Value& patch,
                                  Paging* pages, PatchBudget* budget) {
    PatchBudget own = budget_of(old, patch, pages);
    PatchBudget& spent = budget == nullptr ? own : *budget;
    out.clear();
    if (pages != nullptr) pages->begin(&spent);
    if (!patch.is_array()) return bad("not an array of operations");
    if (patch.size() > limits::patch_operations_max) {
        return bad(std::to_string(patch.size()) + " operations");
    }
    JsonPatch applied(out, old, pages, spent);
    std::size_t index = 0;
    for (const Value operation : patch.elements()) {
        if (auto result = applied.apply(operation); !result) {
            const std::string& detail = result.error().detail;
            return Error(result.error().code, "operation " + std::to_string(index) +
                                                  (detail.empty() ? "" : ": " + detail));
        }
        ++index;
    }
    return applied.result();
}

}  // namespace ringside

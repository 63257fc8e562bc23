#include "shm/document/path_edit.hpp"

#include "shm/document/stored_key.hpp"

namespace ringside {

Result<void> PathEdit::run(DocumentBuilder& out, const Value& old, const JsonPointer& path) {
    value(out, old, path.tokens());
    if (missing_ == nullptr) return {};
    return Error(Errc::path_not_found, "'" + path.text() + "': " + missing_);
}

/// Writes the replacement of `old`.
void PathEdit::value(DocumentBuilder& out, const Value& old, Tokens path) {
    if (!path.empty()) return container(out, old, path);
    if (pages_ != nullptr && action_ != PathAction::take) pages_->drop_all(old);
    if (!removes()) out.value(new_value_);
}

class PathEdit::LeafEdit : public Paging::Edit {
public:
    LeafEdit(PathEdit& edit, std::string_view key, Tokens path)
        : edit_(edit), key_(key), path_(path) {}
    void leaf(DocumentBuilder& out, const Value& leaf, std::size_t index) override {
        if (leaf.is_object()) edit_.members(out, leaf, key_, path_);
        else edit_.elements(out, leaf, index, path_);
    }

private:
    PathEdit& edit_;
    std::string_view key_;
    Tokens path_;
};

void PathEdit::container(DocumentBuilder& out, const Value& old, Tokens path) {
    std::string key;
    std::size_t index = 0;
    if (old.is_object()) {
        key.resize(2 * path.front().size());
        key.resize(write_stored_key(path.front(), key.data()));
    } else if (old.is_array()) {
        const auto parsed = JsonPointer::array_index(path.front(), old.size());
        if (!parsed) return missing("not an index of an array");
        index = *parsed;
        if (index > old.size()) return missing("index beyond the end of the array");
        const bool adds =
            path.size() == 1 && (action_ == PathAction::set || action_ == PathAction::add);
        if (index == old.size() && !adds) {
            return missing(path.size() > 1 ? "parent does not exist"
                                           : "index beyond the end of the array");
        }
    } else {
        return missing(old.exists() ? "parent is neither an object nor an array"
                                    : "parent does not exist");
    }
    if (old.is_paged() && pages_ != nullptr) {
        LeafEdit edit(*this, key, path);
        return pages_->rewrite(out, old, {key, index}, edit);
    }
    if (old.is_object()) {
        out.begin_object();
        members(out, old, key, path);
        out.end_object();
    } else {
        out.begin_array();
        elements(out, old, index, path);
        out.end_array();
    }
}

/// In order, so that the builder need not sort.
void PathEdit::members(DocumentBuilder& out, const Value& old, std::string_view key, Tokens path) {
    auto members = old.members();
    auto member = members.begin();
    const auto copy_while = [&](auto&& condition) {
        for (; member != members.end() && !out.failed(); ++member) {
            const auto [name, content] = *member;
            if (!condition(name)) return;
            out.stored_key(name);
            out.value(content);
        }
    };
    copy_while([&](std::string_view name) { return name < key; });
    if (out.failed()) return;
    const bool exists = member != members.end() && (*member).key == key;
    const bool is_last = path.size() == 1;
    if (!exists && !is_last) return missing("parent does not exist");
    if (!exists && (removes() || action_ == PathAction::replace)) {
        return missing("no such member");
    }
    if (!is_last || !removes()) out.stored_key(key);
    value(out, exists ? (*member).value : Value(), path.subspan(1));
    if (exists) ++member;
    copy_while([](std::string_view) { return true; });
}

void PathEdit::elements(DocumentBuilder& out, const Value& old, std::size_t index, Tokens path) {
    const bool inserts = path.size() == 1 && action_ == PathAction::add;
    std::size_t i = 0;
    for (const Value element : old.elements()) {
        if (out.failed()) return;
        if (i++ != index) {
            out.value(element);
            continue;
        }
        if (inserts) out.value(new_value_);
        if (inserts) out.value(element);
        else value(out, element, path.subspan(1));
    }
    if (index == old.size()) out.value(new_value_);
}

}  // namespace ringside

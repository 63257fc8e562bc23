#include "shm/document/patch.hpp"

#include "shm/document/path_edit.hpp"

namespace ringside {

namespace {

/// RFC 7396, section 2, over members that are sorted on both sides.
class Merge {
public:
    explicit Merge(Paging* pages) : pages_(pages) {}

    void value(DocumentBuilder& out, const Value& old, const Value& patch) {
        if (!patch.is_object()) {
            drop(old);
            return out.value(patch);
        }
        if (!old.is_object()) drop(old);
        if (!old.is_object() || !old.is_paged() || pages_ == nullptr) {
            out.begin_object();
            members(out, old, patch.members());
            return out.end_object();
        }
        // For many changes, writing all members at once is cheaper than changing them one by one.
        constexpr std::size_t few = 32;
        if (patch.size() > old.size() / few) {
            out.begin_object();
            members(out, old, patch.members());
            out.end_object();
            if (!out.failed()) pages_->drop_tree(old);
            return;
        }
        one_by_one(out, old, patch);
    }

private:
    void drop(const Value& old) {
        if (pages_ != nullptr) pages_->drop_all(old);
    }

    template <class Changes>
    void members(DocumentBuilder& out, const Value& old, const Changes& changes) {
        const auto befores = old.members();
        auto before = befores.begin();
        auto change = changes.begin();
        while (!out.failed()) {
            const bool has_old = before != befores.end();
            const bool has_new = change != changes.end();
            if (!has_old && !has_new) return;
            const Value::Member was = has_old ? *before : Value::Member();
            const Value::Member now = has_new ? *change : Value::Member();
            const bool keeps = has_old && (!has_new || was.key < now.key);
            const bool meets = has_old && has_new && was.key == now.key;
            if (keeps) {
                out.stored_key(was.key);
                out.value(was.value);
            } else if (!now.value.is_null()) {
                out.stored_key(now.key);
                value(out, meets ? was.value : Value(), now.value);
            } else if (meets) {
                drop(was.value);
            }
            if (keeps || meets) ++before;
            if (!keeps) ++change;
        }
    }

    /// One member of the patch, for `members`.
    class OneChange {
    public:
        explicit OneChange(const Value::Member& change) : change_(change) {}
        [[nodiscard]] const Value::Member* begin() const noexcept { return &change_; }
        [[nodiscard]] const Value::Member* end() const noexcept { return &change_ + 1; }

    private:
        const Value::Member& change_;
    };

    class MemberEdit : public Paging::Edit {
    public:
        MemberEdit(Merge& merge, const Value::Member& change) : merge_(merge), change_(change) {}
        void leaf(DocumentBuilder& out, const Value& leaf, std::size_t) override {
            merge_.members(out, leaf, OneChange(change_));
        }

    private:
        Merge& merge_;
        const Value::Member& change_;
    };

    void one_by_one(DocumentBuilder& out, const Value& old, const Value& patch) {
        Value current = old;
        for (const Value::Member change : patch.members()) {
            MemberEdit edit(*this, change);
            // With few changes of many members, some members remain.
            current = pages_->rewrite(current, {change.key, 0}, out.depth(), edit);
            if (!current.exists()) return;
        }
        pages_->write(out, current);
    }

    Paging* pages_;
};

/// Budget of one patch while it is applied.
class Charged {
public:
    Charged(DocumentBuilder& out, Paging* pages, PatchBudget& budget) : pages_(pages) {
        if (pages != nullptr) pages->begin(&budget);
        out.clear(pages == nullptr ? DocumentBuilder::Purpose{.budget = &budget}
                                   : pages->purpose());
    }
    ~Charged() {
        if (pages_ != nullptr) pages_->begin();
    }
    Charged(const Charged&) = delete;
    Charged& operator=(const Charged&) = delete;

private:
    Paging* pages_;
};

Result<ByteView> finish(DocumentBuilder& out, Paging* pages) {
    return pages == nullptr ? out.finish() : pages->finish(out);
}

}  // namespace

PatchBudget budget_of(const Value& old, const Value& patch, const Paging* pages) noexcept {
    const std::uint64_t bytes = patch.page_bytes().size();
    return pages == nullptr ? PatchBudget::of_copies(bytes, old.page_bytes().size())
                            : PatchBudget::of_request(bytes);
}

Result<ByteView> apply_set(DocumentBuilder& out, const Value& old, const JsonPointer& path,
                           const Value& new_value, Paging* pages, PatchBudget* budget) {
    PatchBudget own = budget_of(old, new_value, pages);
    const Charged charged(out, pages, budget == nullptr ? own : *budget);
    PathEdit edit(pages, PathAction::set, new_value);
    if (auto done = edit.run(out, old, path); !done) return done.error();
    return finish(out, pages);
}

Result<ByteView> apply_merge(DocumentBuilder& out, const std::optional<Value>& old,
                             const Value& patch, Paging* pages, PatchBudget* budget) {
    PatchBudget own = budget_of(old.value_or(Value()), patch, pages);
    const Charged charged(out, pages, budget == nullptr ? own : *budget);
    Merge(pages).value(out, old.value_or(Value()), patch);
    return finish(out, pages);
}

}  // namespace ringside

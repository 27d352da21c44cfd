// The few sentences that the browser writes itself, in the page's language. Everything else comes from the server.

const WORDS = {
  en: {
    back: "Back online. Everything is up to date.",
    draft: "Draft:",
    kept: "Your unsent text",
    failed: "Not sent: the server could not be reached. Your text is still here.",
    new: { one: "{n} new conversation", other: "{n} new conversations" },
    newCampaigns: { one: "{n} new campaign", other: "{n} new campaigns" },
    moved: { one: "{n} conversation has news", other: "{n} conversations have news" },
    spoken: "New message from {name}: {text}",
    spokenMany: { one: "{n} new message", other: "{n} new messages" },
    jump: { one: "Jump to {n} new message", other: "Jump to {n} new messages" },
    left: "{time} left",
    templateOnly: "Template only",
    hoursMinutes: "{h}h {m}m",
    hours: "{h}h",
    minutes: "{m}m",
    more: "Show more",
    earlier: "Earlier messages",
    keys: "Keyboard shortcuts",
    keysOn: "Single-key shortcuts",
    close: "Close",
    keyNext: "Next conversation",
    keyPrevious: "Previous conversation",
    keyReply: "Write a reply",
    keyClaim: "Claim",
    keyClose: "Close the conversation",
    keyUnclaim: "Unclaim",
    keyTransfer: "Transfer",
    keySearch: "Search",
    keyTop: "Show new conversations",
    keySheet: "This list",
  },
  ar: {
    back: "عاد الاتصال، وكل شيء محدّث.",
    draft: "مسودة:",
    kept: "نصك الذي لم يُرسل",
    failed: "لم تُرسل الرسالة: تعذّر الوصول إلى الخادم. نصك ما زال هنا.",
    new: {
      one: "محادثة جديدة واحدة", two: "محادثتان جديدتان", few: "{n} محادثات جديدة",
      many: "{n} محادثة جديدة", other: "{n} محادثة جديدة",
    },
    newCampaigns: {
      one: "حملة جديدة واحدة", two: "حملتان جديدتان", few: "{n} حملات جديدة",
      many: "{n} حملة جديدة", other: "{n} حملة جديدة",
    },
    moved: {
      one: "محادثة واحدة فيها جديد", two: "محادثتان فيهما جديد", few: "{n} محادثات فيها جديد",
      many: "{n} محادثة فيها جديد", other: "{n} محادثة فيها جديد",
    },
    spoken: "رسالة جديدة من {name}: {text}",
    spokenMany: {
      one: "رسالة جديدة واحدة", two: "رسالتان جديدتان", few: "{n} رسائل جديدة",
      many: "{n} رسالة جديدة", other: "{n} رسالة جديدة",
    },
    jump: {
      one: "الانتقال إلى رسالة جديدة واحدة", two: "الانتقال إلى رسالتين جديدتين", few: "الانتقال إلى {n} رسائل جديدة",
      many: "الانتقال إلى {n} رسالة جديدة", other: "الانتقال إلى {n} رسالة جديدة",
    },
    left: "متبقٍ {time}",
    templateOnly: "قوالب فقط",
    hoursMinutes: "{h} س {m} د",
    hours: "{h} س",
    minutes: "{m} د",
    more: "عرض المزيد",
    earlier: "الرسائل السابقة",
    keys: "اختصارات لوحة المفاتيح",
    keysOn: "اختصارات بمفتاح واحد",
    close: "إغلاق",
    keyNext: "المحادثة التالية",
    keyPrevious: "المحادثة السابقة",
    keyReply: "كتابة رد",
    keyClaim: "استلام",
    keyClose: "إغلاق المحادثة",
    keyUnclaim: "إلغاء الاستلام",
    keyTransfer: "تحويل",
    keySearch: "بحث",
    keyTop: "عرض المحادثات الجديدة",
    keySheet: "هذه القائمة",
  },
};

const language = document.documentElement.lang.split("-")[0];
const words = WORDS[language] ?? WORDS.en;
const plural = new Intl.PluralRules(WORDS[language] ? language : "en");

/** The sentence called `name`, with {n} and the other values filled in; plural forms are chosen by `values.n`. */
export function say(name, values = {}) {
  const found = words[name];
  const text = typeof found === "string" ? found : (found[plural.select(values.n)] ?? found.other);
  return text.replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
}

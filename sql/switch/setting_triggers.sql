CREATE OR REPLACE TRIGGER check_setting BEFORE UPDATE ON reembed.setting FOR EACH ROW EXECUTE FUNCTION reembed.check_setting();
CREATE OR REPLACE TRIGGER apply_setting AFTER UPDATE ON reembed.setting FOR EACH ROW EXECUTE FUNCTION reembed.apply_setting();
COMMENT ON TRIGGER check_setting ON reembed.setting IS 'See reembed.check_setting().';
COMMENT ON TRIGGER apply_setting ON reembed.setting IS 'See reembed.apply_setting().';

IF $4 <> {model_name} OR {vector_schema}.vector_dims($1) IS DISTINCT FROM {dimensions} THEN
    RAISE EXCEPTION 'the query is a vector of % dimensions%, but the view serves model %, which has {dimensions}', {vector_schema}.vector_dims($1), coalesce(' of model ' || $4, ''), {model_name}
      USING ERRCODE = 'RE002', HINT = format('Embed the query with %s and search again.', {model_name});
  END IF;
